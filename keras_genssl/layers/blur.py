"""A low-pass filter of images."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.layers.preprocessing import ImageLayer

_TAPS = np.array([1.0, 2.0, 1.0]) / 4.0


@keras.saving.register_keras_serializable(package="keras_genssl")
class Blur(ImageLayer):
    """Averages each pixel with its neighbours: every channel convolved with ``[1, 2, 1] x [1, 2, 1] / 16``.

    StyleGAN (Karras et al., 2019) filters so before it halves images and after it doubles them, against aliasing
    (Zhang, 2019). After pixels are repeated twice, or before 2x2 are averaged, the two steps together are the filter
    ``[1, 3, 3, 1] / 8`` of StyleGAN2; the first is bilinear interpolation.

    Images are mirrored at their border pixels, which are not repeated. The papers' code has zeros outside instead,
    which darken the border. So a constant image is not changed, and a bias may be added before or after. The layer has
    no weights.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)
        - Zhang 2019, [Making Convolutional Networks Shift-Invariant Again](https://arxiv.org/abs/1904.11486)

    Call: inputs float ``(batch, h, w, channels)``, h and w at least 2; returns the same shape.

    Raises:
        ValueError: If images are too small, or the channels are not known.

    Example:
        >>> row = ops.reshape(ops.array([0.0, 4.0, 0.0, 0.0]), (1, 1, 4, 1))
        >>> [float(x) for x in Blur()(ops.tile(row, (1, 2, 1, 1)))[0, 0, :, 0]]
        [2.0, 2.0, 1.0, 0.0]
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Checks the shape."""
        small = any(side is not None and side < 2 for side in input_shape[1:3])
        if len(input_shape) != 4 or input_shape[-1] is None or small:
            raise ValueError(
                "The input of Blur must be (batch, h, w, channels), h and w at least 2, channels known. "
                f"Received: input of shape {tuple(input_shape)}"
            )

    def call(self, inputs: Any) -> Any:
        """Filters images."""
        kernel = np.tile(np.outer(_TAPS, _TAPS)[:, :, None, None], (1, 1, inputs.shape[-1], 1))
        padded = ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        kernel = ops.convert_to_tensor(kernel, dtype=inputs.dtype)
        return ops.depthwise_conv(padded, kernel, padding="valid", data_format="channels_last")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape."""
        return input_shape
