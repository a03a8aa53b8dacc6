"""Checks of images in any Keras backend: uint8 from 0 to 255, or float in [-1, 1]; all else is refused."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.image_arrays import BOUND, DTYPES, RANGE
from keras_genssl.checks.known import asserted, known


def signed(images: Any, name: str = "images", dtype: str | None = None) -> Any:
    """Images as float in [-1, 1]: scales uint8, and checks floats if their values are known.

    Args:
        images: A tensor or array of any shape.
        name: The argument's name, for messages.
        dtype: The dtype of the result; None: floats keep theirs, uint8 becomes `keras.config.floatx()`.

    Raises:
        ValueError: If they have another dtype; outside of graphs, where the check is cheap, also if a float is outside
            [-1, 1] or not finite.

    Example:
        >>> signed(np.array([0, 255], np.uint8)).numpy().tolist()
        [-1.0, 1.0]
    """
    images = as_float(images, name, dtype)
    require_range(images, -BOUND, BOUND, name, RANGE)
    return images


def as_float(images: Any, name: str = "images", dtype: str | None = None) -> Any:
    """Like `signed`, for a network's output: floats may leave [-1, 1].

    Raises:
        ValueError: If they have another dtype.
    """
    images = images if hasattr(images, "dtype") else np.asarray(images)
    kind = keras.backend.standardize_dtype(images.dtype)
    if kind == "uint8":
        return ops.cast(images, dtype or keras.config.floatx()) / 127.5 - 1.0
    if "float" not in kind:
        raise ValueError(f"{DTYPES}. Received: `{name}` of {kind}")
    return images if dtype is None else ops.cast(images, dtype)


def nearest_levels(images: Any) -> Any:
    """Floats as uint8, ``round((x + 1) 127.5)``, half to even as NumPy does; those outside [-1, 1] as 0 or 255.

    Example:
        >>> nearest_levels(ops.convert_to_tensor([-2.0, 0.0, 1.0])).numpy().tolist()
        [0, 128, 255]
    """
    return ops.cast(ops.round(ops.clip((images + 1.0) * 127.5, 0.0, 255.0)), "uint8")


def guarded(images: Any, low: float, high: float, name: str, rule: str) -> Any:
    """Checks that floats lie in [low, high]; in a graph that cannot raise an error, those outside become NaN.

    Raises:
        ValueError: If values are known, and one lies outside or is not finite.
        InvalidArgumentError: When run in a graph of TensorFlow; XLA drops this check.
    """
    if require_range(images, low, high, name, rule):
        return images
    inside = ops.logical_and(images >= low, images <= high)
    images = ops.where(inside, images, float("nan"))
    return asserted(images, ops.all(inside), f"{rule}. Received: `{name}` leaves the range")


def require_range(images: Any, low: float, high: float, name: str, rule: str) -> bool:
    """Returns whether the values of images are known; raises ValueError if one is outside [low, high] or NaN."""
    inside = known(lambda: ops.all(ops.logical_and(images >= low, images <= high)), images)
    if inside is not None and not inside:
        values = ops.convert_to_numpy(ops.cast(images, "float32"))
        raise ValueError(f"{rule}. Received: `{name}` with values from {values.min():g} to {values.max():g}")
    return inside is not None
