"""A convolution whose kernel is scaled by a style."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import whole
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers.adaptive_normalization import require_image_and_style
from keras_genssl.layers.equalized import EqualizedDense, EqualizedLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class ModulatedConv2D(EqualizedLayer):
    """A convolution with a kernel of each image's own, which its style makes of a common one.

    StyleGAN2, Karras et al., 2020, Section 2.2. With ``s = 1 + A(w)``, A a dense layer of the style w, and the common
    kernel k of inputs i, outputs o and places p, an image is convolved with

        k'_iop = s_i k_iop                                      (modulated)
        k''_iop = k'_iop / √(Σ_ip k'_iop² + 10⁻⁸)                (demodulated: independent inputs of variance 1 give
                                                                outputs of variance 1, whatever the style)

    Statistics of images take no part, unlike in AdaIN. A convolution is linear, so one convolution with the common
    kernel does for all images: its inputs are scaled by s, its outputs by the norm. k is of equalized learning rate,
    and outputs are multiplied by ``gain``, for the rectifier that follows.

    Reference:
        - Karras et al. 2020, [Analyzing and Improving the Image Quality of
          StyleGAN](https://arxiv.org/abs/1912.04958)

    Args:
        filters: Number of output channels, int, at least 1.
        kernel_size: Side of the kernel, int, at least 1.
        demodulate: Whether kernels are demodulated; StyleGAN2 does not do so where it makes colours.
        gain: float, above 0; √2 before a rectifier, 1 before none.
        use_bias: Whether a bias is added to the outputs, from 0.
        **kwargs: As for any layer.

    Call: ``[images, styles]``, float ``(batch, h, w, channels)`` and ``(batch, style_dim)``; returns
    ``(batch, h, w, filters)``. Images are padded by zeros.

    Raises:
        ValueError: If an argument is outside its range, or an input does not fit.

    Example:
        >>> ModulatedConv2D(5, 3)([ops.ones((2, 8, 8, 3)), ops.zeros((2, 4))]).shape
        TensorShape([2, 8, 8, 5])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        demodulate: bool = True,
        gain: float = math.sqrt(2.0),
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        require_channels_last()
        super().__init__(gain, use_bias=use_bias, **kwargs)
        self.filters = whole("filters", filters)
        self.kernel_size = whole("kernel_size", kernel_size)
        self.demodulate = bool(demodulate)

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        """Makes the kernel and the dense layer of the style."""
        images, styles = require_image_and_style(self, input_shape)
        self.add_kernel((self.kernel_size, self.kernel_size, images[-1], self.filters))
        self.style = EqualizedDense(images[-1], gain=1.0, dtype=self.dtype_policy, name="style")
        self.style.build(styles)

    def call(self, inputs: list[Any]) -> Any:
        """Convolves each image with its kernel."""
        images, styles = inputs
        kernel = self.scaled_kernel()  # gain k
        scales = 1.0 + self.style(styles)  # (batch, channels)
        outputs = ops.conv(images * scales[:, None, None, :], kernel, padding="same", data_format="channels_last")
        if self.demodulate:
            dtype = keras.backend.result_type(kernel.dtype, "float32")
            powers = ops.sum(ops.square(ops.cast(kernel, dtype) / self.gain), axis=(0, 1))  # (channels, filters)
            norms = ops.rsqrt(ops.matmul(ops.square(ops.cast(scales, dtype)), powers) + 1e-8)  # (batch, filters)
            outputs = outputs * ops.cast(norms, outputs.dtype)[:, None, None, :]
        return self.add_bias(outputs)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Returns the shape of the convolved images."""
        return (*input_shape[0][:3], self.filters)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["lr_multiplier"]
        return {
            **config,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "demodulate": self.demodulate,
        }
