"""Low- and high-resolution versions of one image, made with Pillow's anti-aliased resampling."""

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
