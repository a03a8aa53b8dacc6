"""A running mean of the vectors of all batches."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import replicas


@keras.saving.register_keras_serializable(package="keras_genssl")
class RunningMean(keras.layers.Layer):
    """Keeps a running mean of what passes through it: ``mean <- momentum * mean + (1 - momentum) * mean of the batch``.

    The batch is that of all replicas. The mean starts at 0 and, as the statistics of batch normalisation, moves once
    for each batch in training mode, is saved, and ignores batches that are not finite. A method that holds the layer
    among the networks of a player has it moved in the rounds of this player alone, and not by `evaluate`.

    Args:
        momentum: In [0, 1].
        name: The layer's name.

    Call: float `(batch, ...)`, returned as it is.

    Raises:
        ValueError: If the momentum is out of its range.

    Example:
        >>> layer = RunningMean(0.75)
        >>> _ = layer(ops.array([[1.0], [3.0]]), training=True)
        >>> layer.moving_mean.numpy().tolist()
        [0.5]
    """

    def __init__(self, momentum: float = 0.995, name: str | None = None) -> None:
        super().__init__(name=name, dtype=keras.config.floatx(), autocast=False)
        self.momentum = finite("momentum", momentum, 0, 1)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the mean, of the shape of an example."""
        self.moving_mean = self.add_weight(tuple(input_shape[1:]), "zeros", trainable=False, name="moving_mean")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the inputs; in training, moves the mean."""
        if training:
            self.update(inputs)
        return inputs

    def update(self, values: Any, due: Any = True) -> Any:
        """Moves the mean by a batch; returns the new one, without gradients.

        Args:
            values: `(batch, ...)` of this replica.
            due: Whether it moves, a bool scalar, the same on all replicas.
        """
        values = ops.cast(ops.stop_gradient(values), self.moving_mean.dtype)
        count = ops.cast(ops.shape(values)[0], self.moving_mean.dtype)
        total, count = replicas.total((ops.sum(values, axis=0), count))
        old = ops.convert_to_tensor(self.moving_mean)
        new = self.momentum * old + (1.0 - self.momentum) * total / count
        moves = ops.logical_and(due, ops.all(ops.isfinite(new)))
        self.moving_mean.assign(ops.where(moves, new, old))
        return ops.convert_to_tensor(self.moving_mean)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"momentum": self.momentum, "name": self.name}
