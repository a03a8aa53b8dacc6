"""Images of another size: resized, on a canvas, cropped."""

from typing import Any

import numpy as np
from PIL import Image

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def check_image(image: Any) -> np.ndarray:
    """Return an image as an array; raise ValueError unless it is uint8 (height, width, 1 or 3), not empty."""
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[-1] not in (1, 3) or 0 in array.shape:
        raise ValueError(
            "`image` must be a uint8 array of shape (height, width, 1 or 3). "
            f"Received: dtype={array.dtype}, shape={array.shape}"
        )
    return array


def check_scale(scale: Any) -> int:
    """Return a scale as int; raise ValueError unless it is an integer of at least 1."""
    if isinstance(scale, bool) or not isinstance(scale, (int, np.integer)) or scale < 1:
        raise ValueError(f"`scale` must be a positive integer. Received: scale={scale!r}")
    return int(scale)


def resized(image: np.ndarray, height: int, width: int, interpolation: str) -> np.ndarray:
    """Resample a checked image to another size: uint8 (height, width, channels), anti-aliased where it shrinks."""
    gray = image.shape[-1] == 1
    picture = Image.fromarray(image[..., 0] if gray else image)
    array = np.array(picture.resize((width, height), INTERPOLATIONS[interpolation]), dtype=np.uint8)
    return array[..., np.newaxis] if gray else array


def crop_to_multiple(image: np.ndarray, scale: int) -> np.ndarray:
    """Crop an image at the bottom and right so that `scale` divides its height and width.

    Args:
        image: uint8 array (height, width, 1 or 3).
        scale: positive integer.

    Returns:
        uint8 array (height - height % scale, width - width % scale, channels).

    Raises:
        ValueError: if an argument is invalid, or if the image is smaller than `scale`.

    Example:
        >>> crop_to_multiple(np.zeros((7, 10, 3), np.uint8), scale=3).shape
        (6, 9, 3)
    """
    image, scale = check_image(image), check_scale(scale)
    height, width = image.shape[:2]
    if height < scale or width < scale:
        raise ValueError(
            f"`image` must be at least `scale` pixels high and wide. "
            f"Received: scale={scale}, height={height}, width={width}"
        )
    return image[: height - height % scale, : width - width % scale]


def downscale(image: np.ndarray, scale: int) -> np.ndarray:
    """Shrink an image by an integer factor with an anti-aliased bicubic filter.

    Keys' kernel with a = -0.5, stretched by `scale` (so nothing above the new Nyquist frequency folds back),
    applied along the width, then along the height, rounded to 8 bits after each. The image is cropped with
    `crop_to_multiple` first, so that each small pixel covers exactly `scale` x `scale` large ones.

    Args:
        image: uint8 array (height, width, 1 or 3).
        scale: positive integer.

    Returns:
        uint8 array (height // scale, width // scale, channels).

    Raises:
        ValueError: if an argument is invalid, or if the image is smaller than `scale`.

    Example:
        >>> downscale(np.full((8, 6, 3), 200, np.uint8), scale=2).shape
        (4, 3, 3)
    """
    image = crop_to_multiple(image, scale)
    return resized(image, image.shape[0] // scale, image.shape[1] // scale, "bicubic")


def upscale(image: np.ndarray, scale: int, interpolation: str = "bicubic") -> np.ndarray:
    """Enlarge an image by an integer factor by interpolation.

    Args:
        image: uint8 array (height, width, 1 or 3).
        scale: positive integer.
        interpolation: "nearest", "bilinear", "bicubic" or "lanczos", as Pillow defines them.

    Returns:
        uint8 array (height * scale, width * scale, channels).

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> upscale(np.array([[[7]]], np.uint8), scale=2, interpolation="nearest")[..., 0].tolist()
        [[7, 7], [7, 7]]
    """
    image, scale = check_image(image), check_scale(scale)
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"`interpolation` must be one of {sorted(INTERPOLATIONS)}. Received: interpolation={interpolation!r}"
        )
    return resized(image, image.shape[0] * scale, image.shape[1] * scale, interpolation)


def low_high(image: np.ndarray, scale: int, interpolation: str | None = None) -> dict[str, np.ndarray]:
    """Make the pair that super-resolution learns from.

    Args:
        image: uint8 array (height, width, 1 or 3).
        scale: positive integer.
        interpolation: `None` for the small image as the network's input (sub-pixel networks: ESPCN, EDSR), or
            the name of the interpolation that brings it back to full size first (SRCNN).

    Returns:
        `high`: the image cropped to a multiple of `scale`; `low`: `downscale` of it, up-sampled to the
        size of `high` where an interpolation is named. Both uint8.

    Raises:
        ValueError: if an argument is invalid, or if the image is smaller than `scale`.

    Example:
        >>> pair = low_high(np.zeros((9, 8, 3), np.uint8), scale=2)
        >>> pair["low"].shape, pair["high"].shape
        ((4, 4, 3), (8, 8, 3))
    """
    high = crop_to_multiple(image, scale)
    low = downscale(high, scale)
    return {"low": low if interpolation is None else upscale(low, scale, interpolation), "high": high}


LUMA = (0.299, 0.587, 0.114)  # BT.601


def integers(least: int, **values: Any) -> None:
    """Raise ValueError for the first argument that is not an integer of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")


def probabilities(**values: Any) -> None:
    """Raise ValueError for the first argument that does not lie in [0, 1]."""
    for name, value in values.items():
        if isinstance(value, bool) or not 0 <= value <= 1:
            raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={value!r}")


def random_crop(image: np.ndarray, height: int, width: int, rng: np.random.Generator, rule: str) -> np.ndarray:
    """Cut a rectangle from an image at a uniformly random position.

    Args:
        image: (at least `height`, at least `width`, channels).
        height, width: size of the rectangle.
        rng: random generator of the position.
        rule: how `height` and `width` are determined, for the message.

    Returns:
        A view (height, width, channels).

    Raises:
        ValueError: if the image is smaller.

    Example:
        >>> random_crop(np.zeros((5, 9, 1), np.uint8), 5, 3, np.random.default_rng(0), "`size`").shape
        (5, 3, 1)
    """
    if image.shape[0] < height or image.shape[1] < width:
        raise ValueError(
            f'`example["image"]` must be at least {height} pixels high and {width} wide ({rule}). '
            f"Received: height={image.shape[0]}, width={image.shape[1]}"
        )
    top = int(rng.integers(image.shape[0] - height + 1))
    left = int(rng.integers(image.shape[1] - width + 1))
    return image[top : top + height, left : left + width]


def grey(image: np.ndarray) -> np.ndarray:
    """Remove the colours of an image: returns its luma in every channel, uint8.

    Example:
        >>> grey(np.array([[[255, 0, 0]]], np.uint8)).tolist()
        [[[76, 76, 76]]]
    """
    if image.shape[-1] == 1:
        return image
    luma = np.rint(image @ np.array(LUMA)).clip(0, 255).astype(np.uint8)
    return np.repeat(luma[..., np.newaxis], image.shape[-1], axis=-1)


_PERIOD = 4  # pixels: two pairs of threads


def canvas_print(image: np.ndarray, warmth: float = 1.6, depth: float = 0.35) -> np.ndarray:
    """Print an image on canvas: warmer tones, and a weave of threads darkened into it.

    With v in [0, 1] a channel becomes `v ** gamma * (1 - depth * weave)`: gamma is `1 / warmth` for red, 1 for
    green and `warmth` for blue (1 for a grey image). The weave is a checkerboard of 2x2 pixels whose phase starts at
    the upper left corner: it is 1 on every second pair of rows where the column's pair is even, and on the other pairs
    of rows where it is odd. In patches cut at multiples of 4 pixels the weave continues.

    Prints are the second domain of an unpaired translation with a known truth: photographs and prints of other
    photographs.

    Args:
        image: uint8 array (height, width, 1 or 3).
        warmth: positive; 1 keeps the tones.
        depth: in [0, 1); 0 keeps the texture.

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> canvas_print(np.full((1, 4, 1), 200, np.uint8), depth=0.5)[0, :, 0].tolist()
        [100, 100, 200, 200]
    """
    image = check_image(image)
    if isinstance(warmth, bool) or not warmth > 0:
        raise ValueError(f"`warmth` must be positive. Received: warmth={warmth!r}")
    if isinstance(depth, bool) or not 0 <= depth < 1:
        raise ValueError(f"`depth` must lie in [0, 1). Received: depth={depth!r}")
    gamma = np.array([1.0] if image.shape[-1] == 1 else [1 / warmth, 1.0, warmth])
    rows, columns = (np.arange(size) * 2 // _PERIOD % 2 for size in image.shape[:2])
    weave = (rows[:, np.newaxis] == columns[np.newaxis])[..., np.newaxis]
    printed = (image / 255.0) ** gamma * (1 - depth * weave)
    return np.rint(printed * 255.0).astype(np.uint8)
