"""Self-attention over the positions of feature maps."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.image_layer import ImageLayer
from keras_genssl.layers.spectral_normalization import SpectralNormalization


@keras.saving.register_keras_serializable(package="keras_genssl")
class SelfAttention2D(ImageLayer):
    """Lets each position of a feature map look at all others: ``y = x + γ W_o softmax(q kᵀ) v``.

    SAGAN, Zhang et al., 2019, Section 3 with the sizes of its code: queries and keys of C / 8 channels, values of C /
    2, all by 1x1 convolutions without bias; keys and values max-pooled 2x2, so that each of the h w positions attends
    to h w / 4. γ starts at 0, where the layer is the identity. The softmax is computed in full precision
    (`keras.config.floatx()`).

    Reference:
        - Zhang et al. 2019, [Self-Attention Generative Adversarial Networks](https://arxiv.org/abs/1805.08318)

    Args:
        spectral_normalization: whether `SpectralNormalization` normalises the convolutions, as in SAGAN.

    Call: inputs float ``(batch, h, w, C)``, C a multiple of 8, h and w even; returns the same shape.

    Raises:
        ValueError: if the input does not fit.

    Example:
        >>> images = ops.ones((2, 4, 4, 8))
        >>> bool(ops.all(SelfAttention2D()(images) == images))
        True
    """

    def __init__(self, spectral_normalization: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spectral_normalization = bool(spectral_normalization)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the four convolutions and γ."""
        if len(input_shape) != 4 or input_shape[-1] is None or input_shape[-1] % 8:
            raise ValueError(
                "The input of SelfAttention2D must be (batch, h, w, C) with C a multiple of 8. "
                f"Received: input of shape {tuple(input_shape)}"
            )
        if any(side is not None and side % 2 for side in input_shape[1:3]):
            raise ValueError(
                "The height and width of the input of SelfAttention2D must be even: keys are pooled 2x2. "
                f"Received: input of shape {tuple(input_shape)}"
            )
        channels = input_shape[-1]
        self.query, self.key, self.value = (
            self._convolution(name, filters)
            for name, filters in (("query", channels // 8), ("key", channels // 8), ("value", channels // 2))
        )
        self.output_projection = self._convolution("output", channels)
        for convolution in (self.query, self.key, self.value):
            convolution.build(input_shape)
        self.output_projection.build((*input_shape[:-1], channels // 2))
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def _convolution(self, name: str, filters: int) -> keras.layers.Layer:
        convolution = keras.layers.Conv2D(filters, 1, use_bias=False, dtype=self.dtype_policy, name=name)
        if not self.spectral_normalization:
            return convolution
        return SpectralNormalization(convolution, name=f"{name}_normalization", dtype=self.dtype_policy)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Applies attention; see the class."""
        size, height, width, channels = ops.shape(inputs)
        query = ops.reshape(self.query(inputs, training=training), (size, height * width, channels // 8))
        key, value = (
            ops.reshape(_halved(projection(inputs, training=training)), (size, -1, filters))
            for projection, filters in ((self.key, channels // 8), (self.value, channels // 2))
        )  # (batch, h w / 4, ...)
        # No transpose: in the second derivative of a conditional (lazy penalties) XLA cannot invert it.
        scores = ops.cast(ops.einsum("bqc,bkc->bqk", query, key), keras.config.floatx())  # (batch, h w, h w / 4)
        attended = ops.matmul(ops.cast(ops.softmax(scores), value.dtype), value)
        attended = ops.reshape(attended, (size, height, width, channels // 2))
        return inputs + self.gamma * self.output_projection(attended, training=training)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spectral_normalization": self.spectral_normalization}


def _halved(features: Any) -> Any:
    return ops.max_pool(features, 2, 2, data_format="channels_last")
