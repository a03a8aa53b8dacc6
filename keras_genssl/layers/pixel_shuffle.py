"""Sub-pixel rearrangement."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.image_layer import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class PixelShuffle(ImageLayer):
    """Turn channels into space: ``(batch, h, w, scale² c)`` to ``(batch, scale h, scale w, c)``.

    Channel ``(i scale + j) c + k`` becomes channel ``k`` of pixel ``(i, j)`` of its block, as in
    ``tf.nn.depth_to_space``. The sub-pixel convolution of ESPCN is a convolution followed by this layer (Shi et al.,
    2016).

    Reference:
        - Shi et al. 2016, [Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
          Neural Network](https://arxiv.org/abs/1609.05158)

    Args:
        scale: int, at least 1.

    Raises:
        ValueError: if ``scale`` is not a positive int, or the channels are no multiple of its square.

    Example:
        >>> PixelShuffle(2)(keras.ops.ones((1, 5, 6, 12))).shape
        TensorShape([1, 10, 12, 3])
    """

    def __init__(self, scale: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(scale, int) or scale < 1:
            raise ValueError(f"`scale` must be a positive int. Received: scale={scale}")
        self.scale = scale

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(batch, scale h, scale w, c)``; unknown sizes stay unknown."""
        batch, height, width, channels = input_shape
        if channels is None or channels % self.scale**2:
            raise ValueError(
                f"The channels of the input of PixelShuffle must be a multiple of scale² = {self.scale**2}. "
                f"Received: input of shape {tuple(input_shape)}"
            )
        return (
            batch,
            None if height is None else height * self.scale,
            None if width is None else width * self.scale,
            channels // self.scale**2,
        )

    def call(self, inputs: Any) -> Any:
        """Rearrange ``inputs``."""
        self.compute_output_shape(inputs.shape)  # refuses channels that do not fit
        channels = inputs.shape[-1] // self.scale**2
        _, height, width, _ = ops.shape(inputs)
        # Only block rows and columns are swapped, so rank 4 is enough: (b h, w, i, j k) -> (b h, i, w, j k).
        rows = ops.reshape(inputs, (-1, width, self.scale, self.scale * channels))
        rows = ops.transpose(rows, (0, 2, 1, 3))
        return ops.reshape(rows, (-1, height * self.scale, width * self.scale, channels))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}
