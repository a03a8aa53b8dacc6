"""Layers of discriminators: differences within a batch, attention over an image."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.normalization import SpectralNormalization
from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class MinibatchStdDev(ImageLayer):
    """Appends to each image how much the images of its group differ, so that collapsed fakes can be detected.

    Progressive growing of GANs, Karras et al., 2018, Section 3: the standard deviation over the group at each position
    and channel, averaged over positions and channels to one number, which becomes a further channel. With several
    features, the channels are split into as many groups, each with its own number.

    A group is ``group_size`` *consecutive* images (the paper's code takes every ``batch / group_size``-th; in a
    shuffled batch that is the same). So N replicas compute what one device does if each replica's share of the batch is
    a multiple of ``group_size``. Otherwise the last group is smaller.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs, Section 3](https://arxiv.org/abs/1710.10196)

    Args:
        group_size: number of images compared with each other, int, at least 2.
        num_features: number of channels to append, int, at least 1, a divisor of the number of channels.

    Call: inputs float ``(batch, ..., channels)``; returns ``(batch, ..., channels + num_features)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> pixels = ops.array([[0.0], [2.0], [5.0], [5.0]])
        >>> [[round(float(x), 3) for x in row] for row in MinibatchStdDev(group_size=2)(pixels)]
        [[0.0, 1.0], [2.0, 1.0], [5.0, 0.0], [5.0, 0.0]]
    """

    def __init__(self, group_size: int = 4, num_features: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(group_size, int) or group_size < 2:
            raise ValueError(f"`group_size` must be an int of at least 2. Received: group_size={group_size}")
        if not isinstance(num_features, int) or num_features < 1:
            raise ValueError(f"`num_features` must be a positive int. Received: num_features={num_features}")
        self.group_size = group_size
        self.num_features = num_features

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape with ``num_features`` more channels."""
        channels = input_shape[-1]
        if channels is None or channels % self.num_features:
            raise ValueError(
                f"`num_features` must divide the channels of the input. Received: num_features={self.num_features} "
                f"and an input of shape {tuple(input_shape)}"
            )
        return (*input_shape[:-1], channels + self.num_features)

    def call(self, inputs: Any) -> Any:
        """Appends the channels."""
        self.compute_output_shape(inputs.shape)  # refuses channels that do not fit
        size = ops.shape(inputs)[0]
        group = ops.arange(size) // self.group_size
        # (batch, batch): row i averages over the group of image i. Unlike a reshape, it works for any batch size.
        same = ops.cast(ops.equal(group[:, None], group[None, :]), keras.config.floatx())
        mean = same / ops.sum(same, axis=1, keepdims=True)
        values = ops.reshape(ops.cast(inputs, keras.config.floatx()), (size, -1))
        deviation = values - ops.matmul(mean, values)
        deviation = ops.sqrt(ops.matmul(mean, ops.square(deviation)) + 1e-8)
        deviation = ops.reshape(deviation, (size, -1, self.num_features, inputs.shape[-1] // self.num_features))
        features = ops.mean(deviation, axis=(1, 3))  # (batch, num_features)
        features = ops.reshape(features, (size, *[1] * (len(inputs.shape) - 2), self.num_features))
        features = ops.broadcast_to(features, (*ops.shape(inputs)[:-1], self.num_features))
        return ops.concatenate([inputs, ops.cast(features, inputs.dtype)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "group_size": self.group_size, "num_features": self.num_features}


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
