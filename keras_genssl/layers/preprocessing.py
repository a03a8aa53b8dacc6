"""Layers that convert the range or the colour space of images."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks import tensors
from keras_genssl.checks.tensors import require_channels_last


class ImageLayer(keras.layers.Layer):
    """Base class of layers whose channels are the last axis.

    Args:
        **kwargs: those of `keras.layers.Layer`.

    Raises:
        ValueError: if Keras' own layers are set to another order of axes.
    """

    def __init__(self, **kwargs: Any) -> None:
        require_channels_last()
        super().__init__(**kwargs)


_FLOOR = 1.0 / 127.5  # one level of 8 bits; smaller variations are noise and would be amplified


@keras.saving.register_keras_serializable(package="keras_genssl")
class ImageStandardization(ImageLayer):
    """Subtracts each channel's mean over positions, then divides by the image's deviation.

    ``y = (x - mean_hw(x)) / max(sqrt(mean_hwc((x - mean_hw(x))^2)), 1 / 127.5)``. Doersch et al., 2015, prepare
    patches in this way: neighbouring patches share mean colour, brightness and contrast, and these are removed. All
    channels share one deviation, so a channel without content stays without.

    Input: ``(batch, h, w, c)``, uint8 or float in [-1, 1]. Output: of the same shape, in the layer's dtype.

    Reference:
        - Doersch et al. 2015, [Unsupervised Visual Representation Learning by Context
          Prediction](https://arxiv.org/abs/1505.05192)

    Example:
        >>> layer = ImageStandardization()
        >>> ops.convert_to_numpy(layer(ops.reshape([-0.5, 0.5], (1, 1, 2, 1)))).ravel().tolist()
        [-1.0, 1.0]
    """

    def call(self, images: Any) -> Any:
        """Standardise each image by itself."""
        images = tensors.signed(images, dtype=self.compute_dtype)
        centred = images - ops.mean(images, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(centred), axis=(1, 2, 3), keepdims=True)
        return centred * ops.rsqrt(ops.maximum(variance, _FLOOR**2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the input."""
        return input_shape


# Mean of ImageNet's training images, blue, green, red.
_MEAN = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable(package="keras_genssl")
class CaffePreprocessing(ImageLayer):
    """Converts RGB in [-1, 1] to BGR in [0, 255] minus ImageNet's mean, the input of VGG and ResNet-50.

    Input: ``(..., 3)``, uint8 or float. Floats may leave [-1, 1], since outputs of networks do. Output: float
    ``(..., 3)``. The layer has no weights.

    Example:
        >>> [round(float(value), 2) for value in CaffePreprocessing()(ops.ones((3,)))]
        [151.06, 138.22, 131.32]
    """

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def call(self, inputs: Any) -> Any:
        """Swap red and blue, scale, subtract the mean."""
        inputs = tensors.as_float(inputs, "inputs", self.compute_dtype)
        blue_green_red = ops.flip(inputs, axis=-1)
        return (blue_green_red + 1.0) * 127.5 - ops.convert_to_tensor(_MEAN, dtype=inputs.dtype)


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
        values = (tensors.signed(images, dtype=self.compute_dtype) + 1) / 2
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
