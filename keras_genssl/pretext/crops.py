"""Helpers of the tasks that cut images into patches: random squares, and checks of arguments."""

from typing import Any

import numpy as np

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
