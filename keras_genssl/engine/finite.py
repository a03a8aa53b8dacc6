"""Checks for NaN and infinity in a step, which stop a diverged training before its weights are lost."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.kinds.rules import require


def finite(values: Any, name: str) -> Any:
    """Returns the values if none of them is NaN or infinite.

    Everything that is computed from the result, gradients included, waits for the check, so no optimizer changes a
    weight if it fails. Moving statistics are updated in the forward pass, before it: `layers.BatchNormalization`
    ignores statistics of a batch that are not finite, `keras.layers.BatchNormalization` includes them.

    Args:
        values: A float tensor.
        name: The name of the values, for the message.

    Returns:
        A tensor equal to `values`.

    Raises:
        RuleError: When run, if a value is not finite. XLA drops the check: there the loss becomes NaN and no optimizer
            changes a weight; `keras.callbacks.TerminateOnNaN` ends such a training.

    Example:
        >>> finite(tf.constant([0.0, 2.0]), "distances").numpy().tolist()
        [0.0, 2.0]
    """

    @tf.custom_gradient
    def checked(tensor: tf.Tensor) -> Any:
        (result,) = require_finite([tensor], name)

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            # Backpropagation does not need the value of the loss, so it would not wait for the check otherwise.
            with tf.control_dependencies([result]):
                return tf.identity(upstream)

        return result, gradient

    return checked(tf.convert_to_tensor(values))


def finite_losses(losses: Any, method: str) -> Any:
    """Checks that losses have the shape `(batch,)` and are finite; returns them in full precision.

    Args:
        losses: The losses of examples.
        method: The name of the method's class, for messages.

    Raises:
        ValueError: If the losses have another shape.
        RuleError: As in `finite`.
    """
    if len(losses.shape) != 1:
        raise ValueError(
            f"The losses of {method} must have shape (batch,): the engine averages them over all replicas. "
            f"Received: a tensor of shape {tuple(losses.shape)}"
        )
    return finite(keras.ops.cast(losses, keras.config.floatx()), f"losses of {method}")


def require_finite(tensors: Sequence[Any], name: str) -> list[Any]:
    """`finite` for several tensors or `IndexedSlices` at once, without gradients."""
    message = f"All {name} must be finite. Received: NaN or infinity; training has diverged (a lower learning rate?)"
    with tf.control_dependencies([require(all_finite(tensors), message)]):
        return [tf.identity(tensor) for tensor in tensors]


def all_finite(tensors: Sequence[Any]) -> Any:
    """Whether all numbers of the tensors or `IndexedSlices` are finite, a bool scalar."""
    values = (tensor.values if isinstance(tensor, tf.IndexedSlices) else tensor for tensor in tensors)
    return tf.reduce_all(tf.convert_to_tensor([tf.reduce_all(tf.math.is_finite(value)) for value in values], tf.bool))
