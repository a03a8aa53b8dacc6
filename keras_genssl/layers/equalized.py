"""Dense and convolutional layers whose weights are scaled at run time: the equalized learning rate."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.layers.preprocessing import ImageLayer

_HE = math.sqrt(2.0)


class EqualizedLayer(ImageLayer):
    """What layers of equalized learning rate share: ``w gain / √fan_in`` in place of a kernel w ~ N(0, 1).

    Optimizers such as Adam move every stored weight by about the learning rate, whatever the scale of its gradient.
    All stored weights have one scale here, so all layers learn at one speed (Karras et al., 2018, Section 4.1). With
    ``lr_multiplier`` m the stored kernel is N(0, 1 / m²) and is used times m: the layer computes the same at first,
    and learns m times as fast. The bias is stored from 0 and used times m.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs, Section 4.1](https://arxiv.org/abs/1710.10196)

    Args:
        gain: float, above 0; √2 (He et al., 2015) before a rectifier, 1 before none.
        lr_multiplier: float, above 0.
        use_bias: bool.
        **kwargs: As for any layer.

    Raises:
        ValueError: If a number is not positive and finite.
    """

    def __init__(self, gain: float = _HE, lr_multiplier: float = 1.0, use_bias: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain = finite("gain", gain, least=0.0, above=True)
        self.lr_multiplier = finite("lr_multiplier", lr_multiplier, least=0.0, above=True)
        self.use_bias = bool(use_bias)
        self.bias: keras.Variable | None = None

    def add_kernel(self, shape: tuple[int, ...]) -> None:
        """Makes the kernel, ``(..., outputs)``, and the bias.

        Args:
            shape: The kernel's; all axes but the last are what one output sums over.
        """
        normal = keras.initializers.RandomNormal(0.0, 1.0 / self.lr_multiplier)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=normal)
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=shape[-1:], initializer="zeros")

    @property
    def scale(self) -> float:
        """What the stored kernel is multiplied by."""
        return self.gain / math.sqrt(math.prod(self.kernel.shape[:-1])) * self.lr_multiplier

    def scaled_kernel(self) -> Any:
        """The kernel as the layer uses it; a tensor of the compute dtype inside a call."""
        return ops.convert_to_tensor(self.kernel) * self.scale

    def add_bias(self, outputs: Any) -> Any:
        """Adds the bias, times ``lr_multiplier``, to tensors ``(..., outputs)``."""
        return outputs if self.bias is None else outputs + ops.convert_to_tensor(self.bias) * self.lr_multiplier

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "gain": self.gain,
            "lr_multiplier": self.lr_multiplier,
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable(package="keras_genssl")
class EqualizedDense(EqualizedLayer):
    """A dense layer of equalized learning rate: ``x w gain / √inputs + b``, w ~ N(0, 1), without activation.

    Inputs of variance 1 give outputs of variance ``gain²``. See `EqualizedLayer` for ``lr_multiplier``.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs, Section 4.1](https://arxiv.org/abs/1710.10196)

    Args:
        units: Number of outputs, int, at least 1.
        gain: As for `EqualizedLayer`.
        lr_multiplier: As for `EqualizedLayer`; StyleGAN's mapping has 0.01.
        use_bias: bool.
        **kwargs: As for any layer.

    Call: inputs float ``(batch, ..., channels)``; returns ``(batch, ..., units)``.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> layer = EqualizedDense(1, gain=1.0, lr_multiplier=0.5)
        >>> layer.build((None, 4))
        >>> _ = layer.kernel.assign(2.0 * ops.ones((4, 1)))  # used as 2 · 1 / √4 · 0.5
        >>> float(layer(ops.ones((1, 4)))[0, 0])
        2.0
    """

    def __init__(
        self, units: int, gain: float = _HE, lr_multiplier: float = 1.0, use_bias: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(gain, lr_multiplier, use_bias, **kwargs)
        self.units = whole("units", units)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights."""
        if input_shape[-1] is None:
            raise ValueError(
                f"The channels of the input of EqualizedDense must be known. Received: input of shape {input_shape}"
            )
        self.add_kernel((input_shape[-1], self.units))

    def call(self, inputs: Any) -> Any:
        """Applies the layer."""
        return self.add_bias(ops.matmul(inputs, self.scaled_kernel()))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape with ``units`` channels."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="keras_genssl")
class EqualizedConv2D(EqualizedLayer):
    """A convolution of equalized learning rate, stride 1: kernel ``w gain / √(k² channels)``, w ~ N(0, 1).

    No activation follows. Inside the image, independent inputs of variance 1 give outputs of variance ``gain²``. See
    `EqualizedLayer` for ``lr_multiplier``.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs, Section 4.1](https://arxiv.org/abs/1710.10196)

    Args:
        filters: Number of output channels, int, at least 1.
        kernel_size: Side k of the kernel, int, at least 1.
        gain: As for `EqualizedLayer`.
        lr_multiplier: As for `EqualizedLayer`.
        use_bias: bool.
        padding: ``"same"``, with zeros, or ``"valid"``.
        **kwargs: As for any layer.

    Call: inputs float ``(batch, h, w, channels)``; returns ``(batch, h, w, filters)``, or with ``"valid"``
    ``(batch, h - k + 1, w - k + 1, filters)``.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> EqualizedConv2D(5, 3)(ops.ones((2, 8, 8, 3))).shape
        TensorShape([2, 8, 8, 5])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        gain: float = _HE,
        lr_multiplier: float = 1.0,
        use_bias: bool = True,
        padding: str = "same",
        **kwargs: Any,
    ) -> None:
        super().__init__(gain, lr_multiplier, use_bias, **kwargs)
        if padding not in ("same", "valid"):
            raise ValueError(f"`padding` must be 'same' or 'valid'. Received: padding={padding!r}")
        self.filters = whole("filters", filters)
        self.kernel_size = whole("kernel_size", kernel_size)
        self.padding = padding

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights."""
        if len(input_shape) != 4 or input_shape[-1] is None:
            raise ValueError(
                "The input of EqualizedConv2D must be (batch, h, w, channels), channels known. "
                f"Received: input of shape {input_shape}"
            )
        self.add_kernel((self.kernel_size, self.kernel_size, input_shape[-1], self.filters))

    def call(self, inputs: Any) -> Any:
        """Applies the layer."""
        outputs = ops.conv(inputs, self.scaled_kernel(), padding=self.padding, data_format="channels_last")
        return self.add_bias(outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the convolved image."""
        less = self.kernel_size - 1 if self.padding == "valid" else 0
        height, width = (None if side is None else side - less for side in input_shape[1:3])
        return (input_shape[0], height, width, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "padding": self.padding,
        }
