"""Layers that enlarge images: pixel shuffle, bicubic."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.layers.preprocessing import ImageLayer


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


_TAPS = 5


def _phases(scale: int) -> np.ndarray:
    """Returns weights ``(scale, 5)`` of the pixels -2 ... 2 around an input pixel, for each output pixel of it."""
    a = -0.5
    phase = (np.arange(scale)[:, None] + 0.5) / scale
    x = np.abs(np.arange(-2, 3)[None] + 0.5 - phase)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@keras.saving.register_keras_serializable(package="keras_genssl")
class BicubicUpsampling(ImageLayer):
    """Enlarge images by bicubic interpolation (Keys, 1981; a = -0.5), equal to Pillow's ``BICUBIC``.

    Each output pixel is the weighted mean of the input pixels under the kernel. At the borders only pixels inside the
    image count, and their weights are renormalised to one. Values may overshoot the input's range.
    The layer has no weights.

    Args:
        scale: int, at least 1.

    Input: float ``(batch, h, w, c)``. Output: ``(batch, scale h, scale w, c)``, in the layer's dtype (build
    it with ``dtype="float32"`` inside mixed-precision networks to keep eight bits of image exact).

    Raises:
        ValueError: if ``scale`` is not a positive int.

    Example:
        >>> BicubicUpsampling(3)(keras.ops.ones((1, 4, 5, 3))).shape
        TensorShape([1, 12, 15, 3])
    """

    def __init__(self, scale: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(scale, int) or scale < 1:
            raise ValueError(f"`scale` must be a positive int. Received: scale={scale}")
        self.scale = scale

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(batch, scale h, scale w, c)``; unknown sizes stay unknown."""
        batch, height, width, channels = input_shape
        return (
            batch,
            None if height is None else height * self.scale,
            None if width is None else width * self.scale,
            channels,
        )

    def call(self, inputs: Any) -> Any:
        """Enlarge ``inputs``."""
        scale, channels = self.scale, inputs.shape[-1]
        _, height, width, _ = ops.shape(inputs)
        phases = _phases(scale)
        # All scale² output pixels of an input pixel at once: kernel[y, x, i, j] = phases[i, y] phases[j, x].
        kernel = np.einsum("iy,jx->yxij", phases, phases).reshape(_TAPS, _TAPS, 1, scale**2)
        blocks = self._convolve(inputs, np.tile(kernel, (1, 1, channels, 1)))
        blocks = ops.reshape(blocks, (-1, height, width, channels, scale, scale))
        images = ops.transpose(blocks, (0, 1, 4, 2, 5, 3))
        images = ops.reshape(images, (-1, height * scale, width * scale, channels))
        # Zero padding drops part of the kernel's mass at the borders: divide by the mass inside.
        rows = self._convolve(ops.ones((1, height, 1, 1), inputs.dtype), phases.T[:, None, None, :])
        columns = self._convolve(ops.ones((1, 1, width, 1), inputs.dtype), phases.T[None, :, None, :])
        rows = ops.reshape(rows, (1, height * scale, 1, 1))
        columns = ops.reshape(columns, (1, 1, width * scale, 1))
        return images / (rows * columns)

    @staticmethod
    def _convolve(images: Any, kernel: np.ndarray) -> Any:
        kernel = ops.convert_to_tensor(kernel, dtype=images.dtype)
        return ops.depthwise_conv(images, kernel, padding="same", data_format="channels_last")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}
