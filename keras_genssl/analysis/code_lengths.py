"""How many nats simple codes need for an image: what a density model must beat.

Each function counts on training images and judges other images, all as integer levels `(num, h, w, c)`. Counts start
at `_PRIOR`, so every level is possible everywhere.
"""

import io
import math
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image

_PRIOR = 1.0  # added to every count
_BINS = 32  # of a neighbour's level
_CHUNK = 2000  # images at a time
_SIDE = 50  # images on each side of a sheet

# Ten pixels before a pixel, as (rows up, columns to the left): two rows above and its own.
_TEN = ((2, -1), (2, 0), (2, 1), (1, -2), (1, -1), (1, 0), (1, 1), (1, 2), (0, 1), (0, 2))

Contexts: TypeAlias = Callable[[np.ndarray], np.ndarray]


def histogram_nats(train: np.ndarray, test: np.ndarray, num_levels: int) -> np.ndarray:
    """Nats of each image under one histogram of all pixels.

    Args:
        train: the images that are counted, integers in [0, num_levels), `(num, h, w, c)`.
        test: the images that are judged, of the same shape.
        num_levels: the number of levels.

    Returns:
        float64 `(num,)`.

    Raises:
        ValueError: if images have another shape, or a level is out of range.

    Example:
        >>> levels = np.array([0, 1, 1, 1]).reshape(1, 2, 2, 1)
        >>> histogram_nats(levels.repeat(1000, axis=0), levels, 2).round(3).tolist()  # -log 1/4 - 3 log 3/4
        [2.249]
    """
    return _table(train, test, num_levels, np.zeros_like, 1)


def pixel_histogram_nats(train: np.ndarray, test: np.ndarray, num_levels: int) -> np.ndarray:
    """Nats of each image under a histogram for each pixel and channel; with two levels, a Bernoulli for each pixel.

    Arguments, results and errors as for `histogram_nats`.
    """
    places = np.arange(math.prod(train.shape[1:])).reshape(train.shape[1:])
    return _table(train, test, num_levels, lambda levels: np.broadcast_to(places, levels.shape), places.size)


def left_and_above_nats(train: np.ndarray, test: np.ndarray, num_levels: int) -> np.ndarray:
    """Nats of each image under a histogram for each pair of the levels to the left and above, in 32 bins each.

    Outside of the image is level 0. Each channel has tables of its own. Arguments, results and errors as for
    `histogram_nats`.
    """
    bins = min(_BINS, num_levels)
    channels = train.shape[-1]

    def contexts(levels: np.ndarray) -> np.ndarray:
        near = levels * bins // num_levels
        pair = _shifted(near, 0, 1) * bins + _shifted(near, 1, 0)
        return np.asarray(pair * channels + np.arange(channels))

    return _table(train, test, num_levels, contexts, bins * bins * channels)


def ten_neighbour_nats(train: np.ndarray, test: np.ndarray, num_levels: int = 2) -> np.ndarray:
    """Nats of each black and white image under a table of ten pixels before a pixel, as in JBIG.

    They lie in two rows above (three, then five) and to the left (two); outside of the image is black. Each channel has
    tables of its own. Arguments, results and errors as for `histogram_nats`, with two levels.
    """
    channels = train.shape[-1]

    def contexts(levels: np.ndarray) -> np.ndarray:
        bits = sum(_shifted(levels, *place) << number for number, place in enumerate(_TEN))
        return np.asarray(bits * channels + np.arange(channels))

    return _table(train, test, num_levels, contexts, 2 ** len(_TEN) * channels)


def file_nats(images: np.ndarray, kind: Literal["png", "webp"]) -> float:
    """Nats of an image in a compressed file of many: a sheet of up to 50 x 50 images, without loss.

    A PNG file of images that are black and white, 0 and 255, has one bit a pixel.

    Args:
        images: uint8 `(num, h, w, c)` with 1 or 3 channels; the first 2,500 are used, or the largest square number.
        kind: "png", or "webp" (lossless).

    Returns:
        The length of the file in nats, `8 log 2` a byte, over the number of images.

    Raises:
        ValueError: if there is no image.
    """
    side = min(_SIDE, math.isqrt(len(images)))
    if not side:
        raise ValueError("`images` must hold at least one image. Received: none")
    _, height, width, channels = images.shape
    sheet = images[: side * side].reshape(side, side, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(side * height, side * width, channels)
    buffer = io.BytesIO()
    picture = Image.fromarray(sheet[..., 0] if channels == 1 else sheet)
    if kind == "png" and channels == 1 and np.isin(sheet, (0, 255)).all():
        picture = picture.convert("1", dither=Image.Dither.NONE)
    picture.save(buffer, kind, **({"optimize": True} if kind == "png" else {"lossless": True, "quality": 100}))
    return len(buffer.getvalue()) * 8 * math.log(2) / side**2


def _table(train: np.ndarray, test: np.ndarray, num_levels: int, contexts: Contexts, num_contexts: int) -> np.ndarray:
    """Nats of each image under one histogram for each context of a pixel.

    Args:
        train, test, num_levels: those of `histogram_nats`.
        contexts: int64 levels `(num, h, w, c)` to the numbers of their contexts, of the same shape.
        num_contexts: contexts are integers in [0, num_contexts).
    """
    _check(train, test, num_levels)
    counts = np.zeros(num_contexts * num_levels, np.int64)
    for cells in _cells(train, num_levels, contexts):
        counts += np.bincount(cells.ravel(), minlength=counts.size)
    smooth = counts.reshape(num_contexts, num_levels) + _PRIOR
    nats = -np.log(smooth / smooth.sum(axis=1, keepdims=True)).ravel()
    return np.concatenate([nats[cells].sum(axis=(1, 2, 3)) for cells in _cells(test, num_levels, contexts)])


def _cells(images: np.ndarray, num_levels: int, contexts: Contexts) -> Iterator[np.ndarray]:
    """Yields where in the flat table the levels of some images lie."""
    for start in range(0, len(images), _CHUNK):
        levels = images[start : start + _CHUNK].astype(np.int64)
        yield contexts(levels) * num_levels + levels


def _shifted(levels: np.ndarray, up: int, left: int) -> np.ndarray:
    """The level that lies so many rows above and columns to the left of each pixel; 0 outside of the image."""
    _, height, width, _ = levels.shape
    border = 2
    padded = np.pad(levels, ((0, 0), (border, 0), (border, border), (0, 0)))
    return padded[:, border - up : border - up + height, border - left : border - left + width]


def _check(train: np.ndarray, test: np.ndarray, num_levels: int) -> None:
    if train.ndim != 4 or train.shape[1:] != test.shape[1:] or not len(train):
        raise ValueError(
            "`train` and `test` must be images (num, h, w, c) of one shape, at least one. "
            f"Received: shapes {train.shape} and {test.shape}"
        )
    for name, images in (("train", train), ("test", test)):
        if len(images) and not (images.min() >= 0 and images.max() < num_levels):
            raise ValueError(
                f"`{name}` must hold levels in [0, {num_levels}). Received: levels from {images.min()} to "
                f"{images.max()}"
            )
