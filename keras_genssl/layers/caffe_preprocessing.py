"""The input convention of networks trained in Caffe."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks import image_tensors
from keras_genssl.layers.image_layer import ImageLayer

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
        inputs = image_tensors.as_float(inputs, "inputs", self.compute_dtype)
        blue_green_red = ops.flip(inputs, axis=-1)
        return (blue_green_red + 1.0) * 127.5 - ops.convert_to_tensor(_MEAN, dtype=inputs.dtype)
