"""Standardisation of images to mean 0 and deviation 1."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks import image_tensors
from keras_genssl.layers.image_layer import ImageLayer

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
        images = image_tensors.signed(images, dtype=self.compute_dtype)
        centred = images - ops.mean(images, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(centred), axis=(1, 2, 3), keepdims=True)
        return centred * ops.rsqrt(ops.maximum(variance, _FLOOR**2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the input."""
        return input_shape
