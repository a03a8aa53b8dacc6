"""Ways between latent codes."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, decode_codes, encode_images
from keras_genssl.checks.numbers import whole
from keras_genssl.checks.seeds import given_or_new


def gaussian_codes(codes: np.ndarray, num_codes: int, seed: int | None = None) -> np.ndarray:
    """Draws new codes from the Gaussian with the mean and covariance of given ones.

    The lectures sample a plain autoencoder in this way, for comparison with a VAE: the decoded images show whether the
    codes fill their space.

    Args:
        codes: float `(num, code_dim)`, at least 2.
        num_codes: How many to draw.
        seed: Seed of the draws; None for other draws each time.

    Returns:
        float32 `(num_codes, code_dim)`.

    Raises:
        ValueError: If there are fewer than two codes, or a number is out of its range.

    Example:
        >>> gaussian_codes(np.array([[1.0, 0.0], [1.0, 0.0]]), 2, seed=0).tolist()
        [[1.0, 0.0], [1.0, 0.0]]
    """
    codes = np.asarray(codes, np.float64)
    if codes.ndim != 2 or len(codes) < 2:
        raise ValueError(f"`codes` must be (num, code_dim) with at least two codes. Received: shape {codes.shape}")
    covariance = np.atleast_2d(np.cov(codes, rowvar=False))
    num_codes, rng = whole("num_codes", num_codes), np.random.default_rng(given_or_new(seed))
    drawn = rng.multivariate_normal(codes.mean(axis=0), covariance, num_codes, method="eigh")
    return drawn.astype(np.float32)


Path = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def lerp(first: npt.ArrayLike, second: npt.ArrayLike, t: npt.ArrayLike) -> np.ndarray:
    """Returns points on the straight line between codes: `(1 - t) * first + t * second`.

    Args:
        first: `(batch, ...)`.
        second: of the same shape.
        t: `(steps,)`, 0 at `first`, 1 at `second`.

    Returns:
        Array `(batch, steps, ...)`.

    Raises:
        ValueError: if the shapes are invalid.

    Example:
        >>> lerp([[0.0, 2.0]], [[4.0, 0.0]], [0.25]).tolist()
        [[[1.0, 1.5]]]
    """
    first, second, t = _ends(first, second, t)
    return (1.0 - t) * first + t * second


def slerp(first: npt.ArrayLike, second: npt.ArrayLike, t: npt.ArrayLike) -> np.ndarray:
    """Returns points on the great circle between codes, for Gaussian latents (White, 2016).

    They are `sin((1 - t) w) / sin(w) * first + sin(t w) / sin(w) * second`, where w is the angle between the two.
    Gaussian latents of many dimensions lie near a sphere. A straight line leads through its inside, which the generator
    has never seen. For parallel codes and a code of zeros the straight line is used.

    Reference:
        - White 2016, [Sampling Generative Networks](https://arxiv.org/abs/1609.04468)

    Args:
        first: `(batch, ...)`; all axes but the first make one vector.
        second: of the same shape.
        t: `(steps,)`, 0 at `first`, 1 at `second`.

    Returns:
        Array `(batch, steps, ...)`.

    Raises:
        ValueError: if the shapes are invalid, or two codes are opposite, so the great circle is not unique.

    Example:
        >>> slerp([[1.0, 0.0]], [[0.0, 1.0]], [0.5]).round(4).tolist()
        [[[0.7071, 0.7071]]]
    """
    first, second, t = _ends(first, second, t)
    axes = tuple(range(2, first.ndim))
    norms = np.sqrt((first**2).sum(axes, keepdims=True) * (second**2).sum(axes, keepdims=True))
    cosine = (first * second).sum(axes, keepdims=True) / np.where(norms > 0, norms, 1.0)
    if np.any(cosine < -1.0 + 1e-12):
        raise ValueError("`first` and `second` hold opposite codes: many great circles join them.")
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    straight = (np.sin(angle) < 1e-7) | (norms == 0)
    angle = np.where(straight, np.pi / 2, angle)
    weights = [np.where(straight, share, np.sin(share * angle) / np.sin(angle)) for share in (1.0 - t, t)]
    return weights[0] * first + weights[1] * second


def interpolate(
    encode: Function,
    decode: Function,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    num_steps: int = 8,
    path: Path = lerp,
    batch_size: int = 256,
) -> np.ndarray:
    """Returns images between pairs of images: `decode(path(encode(first), encode(second), t))`, t from 0 to 1.

    Args:
        encode: maps images `(batch, height, width, channels)` in [-1, 1] to codes `(batch, ...)`.
        decode: maps codes back to images.
        first: `(pairs, height, width, channels)`, uint8 or float in [-1, 1].
        second: of the same shape.
        num_steps: images of each pair, both ends (as decoded) included; at least 2.
        path: `lerp` or `slerp`.
        batch_size: images, or codes, passed at once.

    Returns:
        Array `(pairs, num_steps, height, width, channels)`.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        rows = kg.analysis.interpolate(model.encode, model.decode, images[:5], images[5:10])
        sheet = kg.analysis.image_grid(rows.reshape(-1, 28, 28, 1), columns=8)
    """
    if num_steps < 2:
        raise ValueError(f"`num_steps` must be at least 2. Received: num_steps={num_steps}")
    start, end = (encode_images(encode, images, batch_size) for images in (first, second))
    codes = path(start, end, np.linspace(0.0, 1.0, num_steps))  # (pairs, num_steps, ...)
    images = decode_codes(decode, codes.reshape(-1, *codes.shape[2:]), batch_size)
    return images.reshape(*codes.shape[:2], *images.shape[1:])


def morph(
    encode: Function,
    decode: Function,
    images: npt.ArrayLike,
    num_steps: int = 8,
    path: Path = lerp,
    closed: bool = False,
    batch_size: int = 256,
) -> np.ndarray:
    """Returns the frames of a film that leads from each image to the next.

    Args:
        encode: maps images `(batch, height, width, channels)` in [-1, 1] to codes `(batch, ...)`.
        decode: maps codes back to images.
        images: `(num, height, width, channels)`, at least 2, uint8 or float in [-1, 1].
        num_steps: frames from one image to the next, at least 1; 1 shows only the decoded images.
        path: `lerp` or `slerp`.
        closed: whether the last image leads back to the first, without repeating it, for a film that loops.
        batch_size: images, or codes, passed at once.

    Returns:
        Array `(frames, height, width, channels)`: `(num - 1) * num_steps + 1` frames, or `num * num_steps`.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        film = kg.analysis.morph(model.encode, model.decode, images[:2], num_steps=20)
    """
    if num_steps < 1:
        raise ValueError(f"`num_steps` must be at least 1. Received: num_steps={num_steps}")
    codes = encode_images(encode, images, batch_size)
    if len(codes) < 2:
        raise ValueError(f"`images` must be at least 2. Received: {len(codes)} image")
    following = np.roll(codes, -1, axis=0)
    starts = codes if closed else codes[:-1]
    frames = path(starts, following[: len(starts)], np.arange(num_steps) / num_steps)
    frames = frames.reshape(-1, *codes.shape[1:])
    return decode_codes(decode, frames if closed else np.concatenate([frames, codes[-1:]]), batch_size)


def interpolation_grid(
    encode: Function,
    decode: Function,
    corners: npt.ArrayLike,
    rows: int = 8,
    columns: int = 8,
    path: Path = lerp,
    batch_size: int = 256,
) -> np.ndarray:
    """Returns the images between four images: down the left and the right edge, then across.

    Args:
        encode: maps images `(batch, height, width, channels)` in [-1, 1] to codes `(batch, ...)`.
        decode: maps codes back to images.
        corners: `(4, height, width, channels)`: top left, top right, bottom left, bottom right.
        rows: rows of the grid, at least 2.
        columns: columns of the grid, at least 2.
        path: `lerp` or `slerp`.
        batch_size: codes passed at once.

    Returns:
        Array `(rows * columns, height, width, channels)`, row by row, as `image_grid` takes it.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        images = kg.analysis.interpolation_grid(model.encode, model.decode, images[:4], 7, 7)
        sheet = kg.analysis.image_grid(images, columns=7)
    """
    if min(rows, columns) < 2:
        raise ValueError(f"`rows` and `columns` must be at least 2. Received: rows={rows}, columns={columns}")
    codes = encode_images(encode, corners, batch_size)
    if len(codes) != 4:
        raise ValueError(f"`corners` must be 4 images. Received: {len(codes)}")
    left, right = path(codes[:2], codes[2:], np.linspace(0.0, 1.0, rows))  # each (rows, ...)
    grid = path(left, right, np.linspace(0.0, 1.0, columns))  # (rows, columns, ...)
    return decode_codes(decode, grid.reshape(-1, *codes.shape[1:]), batch_size)


def _ends(first: npt.ArrayLike, second: npt.ArrayLike, t: npt.ArrayLike) -> tuple[np.ndarray, ...]:
    """Returns both ends as float64 `(batch, 1, ...)`, and t as `(1, steps, 1...)`."""
    first, second, t = (np.asarray(value, np.float64) for value in (first, second, t))
    if first.shape != second.shape or first.ndim < 2:
        raise ValueError(
            f"`first` and `second` must be (batch, ...) of one shape. Received: shapes {first.shape} and {second.shape}"
        )
    if t.ndim != 1:
        raise ValueError(f"`t` must be (steps,). Received: shape {t.shape}")
    return first[:, None], second[:, None], t.reshape(1, -1, *[1] * (first.ndim - 1))
