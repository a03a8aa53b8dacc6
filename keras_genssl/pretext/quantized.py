"""Images with fewer grey levels."""

from typing import Any

import numpy as np


def quantize(images: np.ndarray, num_levels: int) -> np.ndarray:
    """Rounds pixels to evenly spaced levels from black to white.

    Args:
        images: uint8, any shape.
        num_levels: in [2, 256]; with 256 nothing changes, with 2 everything above 127 becomes white.

    Returns:
        uint8 of the same shape; level k is `round(255 k / (num_levels - 1))`.

    Raises:
        ValueError: if `num_levels` is outside [2, 256] or the images are not uint8.

    Example:
        >>> quantize(np.array([0, 63, 64, 255], np.uint8), num_levels=3).tolist()
        [0, 0, 128, 255]
    """
    numbers = level_numbers(images, num_levels)
    return level_values(num_levels)[numbers]


def level_numbers(images: np.ndarray, num_levels: int) -> np.ndarray:
    """The number of the nearest level of each pixel, uint8 in [0, num_levels); arguments as for `quantize`.

    Example:
        >>> level_numbers(np.array([0, 63, 64, 255], np.uint8), num_levels=3).tolist()
        [0, 0, 1, 2]
    """
    if not 2 <= num_levels <= 256:
        raise ValueError(f"`num_levels` must lie in [2, 256]. Received: num_levels={num_levels}")
    if images.dtype != np.uint8:
        raise ValueError(f"`images` must be uint8. Received: {images.dtype}")
    return np.rint(np.arange(256) * ((num_levels - 1) / 255)).astype(np.uint8)[images]


def level_values(num_levels: int) -> np.ndarray:
    """The grey of each level, uint8 `(num_levels,)`.

    Example:
        >>> level_values(3).tolist()
        [0, 128, 255]
    """
    return np.rint(np.arange(num_levels) * (255 / (num_levels - 1))).astype(np.uint8)


def quantized(example: dict[str, Any], seed: int, num_levels: int = 16) -> dict[str, Any]:
    """Round all images of an example to evenly spaced grey levels, for likelihoods of that many levels.

    Args:
        example: a dict; its uint8 arrays of shape (height, width, channels) are images, all else passes unchanged.
        seed: not used; a transform takes one.
        num_levels: in [2, 256].

    Returns:
        A new dict.

    Raises:
        ValueError: if `num_levels` is outside [2, 256].

    Example:
        >>> quantized({"image": np.array([[[100], [200]]], np.uint8)}, seed=0, num_levels=2)["image"].ravel().tolist()
        [0, 255]
    """
    images = {name: value for name, value in example.items() if isinstance(value, np.ndarray) and value.ndim == 3}
    return {**example, **{name: quantize(image, num_levels) for name, image in images.items()}}
