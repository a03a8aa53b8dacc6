"""Quantisation of images to eight bits, since metrics of generated images see them as a file would hold them."""

from typing import Any

import keras
import numpy as np

from keras_genssl.checks import image_arrays


def eight_bit(images: Any, name: str = "images") -> np.ndarray:
    """Quantise images to uint8: ``round((x + 1) 127.5)``; uint8 passes.

    Args:
        images: ``(batch, h, w, c)``, uint8, or float in [-1, 1].
        name: the argument, for the messages.

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: if the rank or dtype is another, or a float image leaves [-1, 1] or is not finite.

    Example:
        >>> eight_bit(np.array([-1.0, 0.0, 1.0]).reshape(1, 1, 3, 1)).ravel().tolist()
        [0, 128, 255]
    """
    array = images if isinstance(images, np.ndarray) else keras.ops.convert_to_numpy(images)
    if array.ndim != 4:
        raise ValueError(f"Images must have shape (batch, h, w, channels). Received: `{name}` of shape {array.shape}")
    return image_arrays.levels(array, name)
