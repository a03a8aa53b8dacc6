"""Conversion between sRGB and CIE Lab, on the accelerator."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks import image_tensors
from keras_genssl.layers.image_layer import ImageLayer

# Linear sRGB to XYZ under D65 (http://www.brucelindbloom.com/index.html?Eqn_RGB_XYZ_Matrix.html), divided by the
# XYZ of white, so that a and b of greys are 0.
_MATRIX = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_MATRIX = _MATRIX / _MATRIX.sum(axis=1, keepdims=True)
_DELTA = 6 / 29


@keras.saving.register_keras_serializable(package="keras_genssl")
class RGBToLab(ImageLayer):
    """Convert images from sRGB to CIE Lab under D65, as `pretext.rgb_to_lab` does with NumPy.

    The layer has no weights. It computes in full precision under any policy, unless `dtype` says otherwise.

    Input: ``(batch, h, w, 3)``, uint8 or float in [-1, 1], or ``(batch, h, w, 1)``, grey. Output: ``(batch, h, w, 3)``:
    L in [0, 100], a and b in [-108, 99].

    Example:
        >>> white = RGBToLab()(keras.ops.ones((1, 1, 1, 3)))
        >>> [round(float(value)) + 0 for value in white[0, 0, 0]]
        [100, 0, 0]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(batch, h, w, 3)``."""
        return (*input_shape[:-1], 3)

    def call(self, images: Any) -> Any:
        """Convert ``images``."""
        if images.shape[-1] not in (1, 3):
            raise ValueError(f"Images must have 1 or 3 channels. Received: a batch of shape {tuple(images.shape)}")
        values = (image_tensors.signed(images, dtype=self.compute_dtype) + 1) / 2
        linear = ops.where(values <= 0.04045, values / 12.92, ops.power(ops.maximum(values + 0.055, 0.0) / 1.055, 2.4))
        if images.shape[-1] == 1:
            linear = ops.concatenate([linear] * 3, axis=-1)
        relative = ops.matmul(linear, ops.convert_to_tensor(_MATRIX.T, dtype=linear.dtype))
        root = ops.power(ops.maximum(relative, _DELTA**3), 1 / 3)
        x, y, z = ops.split(ops.where(relative > _DELTA**3, root, relative / (3 * _DELTA**2) + 4 / 29), 3, axis=-1)
        return ops.concatenate([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@keras.saving.register_keras_serializable(package="keras_genssl")
class LabToRGB(ImageLayer):
    """Convert images from CIE Lab under D65 to sRGB; each channel of a colour outside sRGB is clipped.

    The layer has no weights. It computes in full precision under any policy, unless `dtype` says otherwise.

    Input: float ``(batch, h, w, 3)``, as `RGBToLab` gives. Output: ``(batch, h, w, 3)`` in [-1, 1].

    Example:
        >>> red = LabToRGB()(keras.ops.array([[[[53.2408, 80.0925, 67.2032]]]]))
        >>> [round(float(value)) for value in red[0, 0, 0]]
        [1, -1, -1]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})

    def call(self, lab: Any) -> Any:
        """Convert ``lab``."""
        lightness, a, b = ops.split(lab, 3, axis=-1)
        y = (lightness + 16) / 116
        xyz = ops.concatenate([y + a / 500, y, y - b / 200], axis=-1)
        relative = ops.where(xyz > _DELTA, ops.power(xyz, 3), 3 * _DELTA**2 * (xyz - 4 / 29))
        inverse = ops.convert_to_tensor(np.linalg.inv(_MATRIX).T, dtype=relative.dtype)
        linear = ops.clip(ops.matmul(relative, inverse), 0.0, 1.0)
        curved = 1.055 * ops.power(ops.maximum(linear, 0.0031308), 1 / 2.4) - 0.055
        return 2 * ops.where(linear <= 0.0031308, 12.92 * linear, curved) - 1
