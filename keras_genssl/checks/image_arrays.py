"""Checks of images in NumPy: uint8 from 0 to 255, or float in [-1, 1]; all else is refused."""

from typing import Any

import numpy as np

BOUND = 1.0 + 1e-3
"""The largest magnitude of a float image; it allows for rounding by interpolation or half precision."""

DTYPES = "Images must be uint8, or float in [-1, 1]"
RANGE = "Float images must lie in [-1, 1]; pass uint8, or scale them"


def checked(images: Any, name: str = "images") -> np.ndarray:
    """Checks images of any shape; returns them as an array of their dtype.

    Raises:
        ValueError: if they are neither uint8 nor float, or a float is outside [-1, 1] or not finite.

    Example:
        >>> checked([300.0])
        Traceback (most recent call last):
        ...
        ValueError: Float images must lie in [-1, 1]; pass uint8, or scale them. Received: `images` with \
values from 300 to 300
    """
    array = np.asarray(images)
    if array.dtype == np.uint8:
        return array
    if not is_float(array.dtype):
        raise ValueError(f"{DTYPES}. Received: `{name}` of {array.dtype}")
    # NaN fails the comparison.
    if array.size and not (array.min() >= -BOUND and array.max() <= BOUND):
        raise ValueError(
            f"{RANGE}. Received: `{name}` with values from {float(array.min()):g} to {float(array.max()):g}"
        )
    return array


def signed(images: Any, name: str = "images") -> np.ndarray:
    """Images as float32 in [-1, 1].

    Raises:
        ValueError: as in `checked`.

    Example:
        >>> signed(np.array([0, 255], np.uint8)).tolist()
        [-1.0, 1.0]
    """
    array = checked(images, name)
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
    return array.astype(np.float32)


def answered(images: Any, name: str) -> np.ndarray:
    """The output of a function of images as float32: uint8 is scaled; floats may leave [-1, 1], as a network's may.

    Raises:
        ValueError: if it is neither uint8 nor float.
    """
    array = np.asarray(images)
    return array.astype(np.float32) if is_float(array.dtype) else signed(array, name)


def levels(images: Any, name: str = "images") -> np.ndarray:
    """Images as uint8, as in a file: ``round((x + 1) 127.5)``; uint8 images are not changed.

    Raises:
        ValueError: as in `checked`.

    Example:
        >>> levels([-1.0, 0.0, 1.0]).tolist()
        [0, 128, 255]
    """
    array = checked(images, name)
    return array if array.dtype == np.uint8 else nearest_levels(array)


def nearest_levels(images: np.ndarray) -> np.ndarray:
    """Floats as uint8, ``round((x + 1) 127.5)``; those outside [-1, 1] as 0 or 255.

    Example:
        >>> nearest_levels(np.array([-2.0, 0.0, 1.0])).tolist()
        [0, 128, 255]
    """
    return np.rint((images.astype(np.float32) + 1.0) * 127.5).clip(0, 255).astype(np.uint8)


def is_float(dtype: np.dtype) -> bool:
    """Whether a dtype is a float of NumPy, or bfloat16, which NumPy does not know as a float."""
    return dtype.kind == "f" or dtype.name == "bfloat16"
