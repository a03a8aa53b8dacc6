"""Minibatch standard deviation."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.image_layer import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class MinibatchStdDev(ImageLayer):
    """Appends to each image how much the images of its group differ, so that collapsed fakes can be detected.

    Progressive growing of GANs, Karras et al., 2018, Section 3: the standard deviation over the group at each position
    and channel, averaged over positions and channels to one number, which becomes a further channel. With several
    features, the channels are parted into as many, each with its own number.

    A group is ``group_size`` *consecutive* images (the paper's code takes every ``batch / group_size``-th; in a
    shuffled batch that is the same). So N replicas compute what one device does wherever each replica's share of the
    batch is a multiple of ``group_size``. Otherwise the last group is smaller.

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
