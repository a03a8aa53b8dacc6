"""Images as a file would hold them: metrics of generated images never see finer levels."""

from typing import Any

import keras
import numpy as np


def eight_bit(images: Any) -> np.ndarray:
    """Quantise images to uint8: ``round((x + 1) 127.5)``; uint8 passes.

    Args:
        images: ``(batch, h, w, c)``, uint8, or float in [-1, 1].

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
        raise ValueError(f"Images must have shape (batch, h, w, channels). Received: an array of shape {array.shape}")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f" and array.dtype.name != "bfloat16":
        raise ValueError(f"Images must be uint8, or float in [-1, 1]. Received: an array of {array.dtype}")
    array = array.astype(np.float32)
    # The tolerance is that of `engine.Method`; NaN fails the comparison.
    if array.size and not np.abs(array).max() <= 1.0 + 1e-3:
        raise ValueError(
            "Float images must be finite and lie in [-1, 1]; pass uint8, or scale them. "
            f"Received: values from {array.min()} to {array.max()}"
        )
    return np.rint((array + 1.0) * 127.5).clip(0, 255).astype(np.uint8)
