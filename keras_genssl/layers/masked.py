"""Causal convolutions: an output sees only pixels that come before its own, row by row from the upper left."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.layers.preprocessing import ImageLayer


class CausalConv2D(ImageLayer):
    """Base class of convolutions that see one side of their pixel; a subclass gives the kernel's taps and the padding.

    `call` keeps the size of the image. `window` computes the same from an image that already holds the pixels which
    `call` pads; a sampler calls it for one row, or one pixel, with what it has kept of the pixels before.

    Args:
        filters: channels of the output, at least 1.
        kernel_size: odd side of the square kernel that the mask is laid on.
        **kwargs: those of `keras.layers.Layer`.

    Raises:
        ValueError: if `filters` is less than 1 or `kernel_size` is not odd.
    """

    def __init__(self, filters: int, kernel_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if filters < 1:
            raise ValueError(f"`filters` must be at least 1. Received: filters={filters}")
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd, at least 1. Received: kernel_size={kernel_size}")
        self.filters = int(filters)
        self.kernel_size = int(kernel_size)
        self.reach = self.kernel_size // 2

    def taps(self) -> tuple[int, int]:
        """Height and width of the part of the kernel that a mask leaves."""
        raise NotImplementedError

    def padded(self, inputs: Any) -> Any:
        """The inputs with zeros where the kernel looks beyond the border."""
        raise NotImplementedError

    def mask(self, in_channels: int) -> np.ndarray | None:
        """Zeros and ones that multiply the kernel, of its shape or broadcast to it; None: nothing is masked."""
        return None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        assert channels is not None
        self.kernel = self.add_weight((*self.taps(), channels, self.filters), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")
        self._mask = self.mask(channels)

    def window(self, inputs: Any) -> Any:
        """The convolution at the positions where the whole kernel lies inside the inputs."""
        kernel = ops.cast(self.kernel, inputs.dtype)
        if self._mask is not None:
            kernel = kernel * ops.convert_to_tensor(self._mask, dtype=inputs.dtype)
        return ops.conv(inputs, kernel, padding="valid") + ops.cast(self.bias, inputs.dtype)

    def call(self, inputs: Any) -> Any:
        """Convolves `(batch, h, w, channels)` to `(batch, h, w, filters)`."""
        return self.window(self.padded(inputs))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the input, with `filters` channels."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable(package="keras_genssl")
class VerticalMaskedConv2D(CausalConv2D):
    """Convolution over the rows above, at all columns within the kernel.

    Equals a `kernel_size` x `kernel_size` convolution whose kernel is multiplied by a mask that is 1 in the rows above
    the middle, and in the middle row too with `own_row`; the rows that the mask would zero are never computed. A stack
    of these, the first without its own row, sees exactly the rows above (van den Oord et al., 2016b, Section 2.3).

    Reference:
        - van den Oord et al. 2016b, [Conditional Image Generation with PixelCNN
          Decoders](https://arxiv.org/abs/1606.05328)

    Args:
        filters: channels of the output, at least 1.
        kernel_size: odd; at least 3 without the own row.
        own_row: whether the pixel's own row is seen: False in the first layer of a network.
        **kwargs: those of `keras.layers.Layer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> layer = VerticalMaskedConv2D(1, own_row=False)
        >>> _ = layer.build((None, 3, 3, 1)), layer.kernel.assign(keras.ops.ones((1, 3, 1, 1)))
        >>> layer(keras.ops.ones((1, 3, 3, 1)))[0, :, 1, 0].numpy().tolist()
        [0.0, 3.0, 3.0]
    """

    def __init__(self, filters: int, kernel_size: int = 3, own_row: bool = True, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        if self.reach == 0 and not own_row:
            raise ValueError(
                "`kernel_size` must be at least 3 for a layer that does not see its own row. "
                f"Received: kernel_size={kernel_size}"
            )
        self.own_row = own_row

    def taps(self) -> tuple[int, int]:
        """The rows above, and the own one if it is seen, at all columns."""
        return self.reach + self.own_row, self.kernel_size

    def padded(self, inputs: Any) -> Any:
        """Zeros above, left and right; without the last row if no output sees it."""
        inputs = inputs if self.own_row else inputs[:, :-1]
        return ops.pad(inputs, ((0, 0), (self.reach, 0), (self.reach, self.reach), (0, 0)))

    def beside(self, rows: Any) -> Any:
        """Rows that are complete above, with zeros left and right: what `window` takes."""
        return ops.pad(rows, ((0, 0), (0, 0), (self.reach, self.reach), (0, 0)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "own_row": self.own_row}


@keras.saving.register_keras_serializable(package="keras_genssl")
class HorizontalMaskedConv2D(CausalConv2D):
    """Convolution over the pixels to the left in the same row, and over the earlier channels of the pixel itself.

    The kernel has `kernel_size // 2 + 1` taps in one row; the last is the pixel itself, multiplied by a mask. Channels
    belong to groups in turn, channel j to group `j mod groups`. At the pixel itself, group i of the output sees the
    groups below i of the input (mask A, the first layer of a network) or those up to i (mask B, `own_pixel=True`). With
    one group, mask A hides the pixel itself. With `kernel_size=1` the layer is a masked 1x1 convolution.

    Reference:
        - masks A and B: van den Oord et al. 2016a, [Pixel Recurrent Neural
          Networks](https://arxiv.org/abs/1601.06759)
        - the row of its own: van den Oord et al. 2016b, [Conditional Image Generation with PixelCNN
          Decoders](https://arxiv.org/abs/1606.05328)

    Args:
        filters: channels of the output, a multiple of `groups`.
        kernel_size: odd.
        own_pixel: whether the mask is B: False in the first layer of a network.
        groups: the number of groups, the image's channels; the input must have a multiple of it.
        **kwargs: those of `keras.layers.Layer`.

    Raises:
        ValueError: if an argument is out of its range, or channels do not divide into groups.

    Example:
        >>> layer = HorizontalMaskedConv2D(1, own_pixel=False)
        >>> _ = layer.build((None, 1, 3, 1)), layer.kernel.assign(keras.ops.ones((1, 2, 1, 1)))
        >>> layer(keras.ops.reshape([1.0, 2.0, 3.0], (1, 1, 3, 1)))[0, 0, :, 0].numpy().tolist()
        [0.0, 1.0, 2.0]
    """

    def __init__(
        self, filters: int, kernel_size: int = 3, own_pixel: bool = True, groups: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        _check_groups("filters", filters, groups)
        self.own_pixel = own_pixel
        self.groups = int(groups)

    def taps(self) -> tuple[int, int]:
        """The pixels to the left and the pixel itself, in one row."""
        return 1, self.reach + 1

    def padded(self, inputs: Any) -> Any:
        """Zeros to the left."""
        return ops.pad(inputs, ((0, 0), (0, 0), (self.reach, 0), (0, 0)))

    def mask(self, in_channels: int) -> np.ndarray | None:
        """Ones, but for the channels that the pixel itself must not see."""
        _check_groups("channels of the input", in_channels, self.groups)
        seen, seeing = (np.arange(channels) % self.groups for channels in (in_channels, self.filters))
        own = seen[:, None] <= seeing if self.own_pixel else seen[:, None] < seeing
        if own.all():
            return None
        mask = np.ones((*self.taps(), in_channels, self.filters), np.float32)
        mask[0, -1] = own
        return mask

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "own_pixel": self.own_pixel, "groups": self.groups}


def _check_groups(argument: str, channels: int, groups: int) -> None:
    if groups < 1 or channels % groups:
        raise ValueError(
            f"`{argument}` must be a multiple of `groups`, at least 1. Received: {channels} and groups={groups}"
        )
