"""A check in the step that stops a diverged training before its weights are lost."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.kinds.rules import require


def finite(values: Any, name: str) -> Any:
    """The values themselves, if none of them is NaN or infinite.

    What is computed from the result waits for the check, and so do gradients through it: no optimizer has moved a
    weight when it fails. Moving statistics belong to the forward pass: `layers.BatchNormalization` leaves out those of
    a batch that are not finite, `keras.layers.BatchNormalization` takes them in.

    Args:
        values: A float tensor.
        name: What they are, for the message.

    Returns:
        A tensor equal to `values`.

    Raises:
        RuleError: When run, if a value is not finite. XLA compiles the check away: there the loss
            becomes NaN and no optimizer moves a weight; `keras.callbacks.TerminateOnNaN` ends such a training.

    Example:
        >>> finite(tf.constant([0.0, 2.0]), "distances").numpy().tolist()
        [0.0, 2.0]
    """

    @tf.custom_gradient
    def checked(tensor: tf.Tensor) -> Any:
        (result,) = require_finite([tensor], name)

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            # Backpropagation needs no value of a loss: nothing else makes it wait.
            with tf.control_dependencies([result]):
                return tf.identity(upstream)

        return result, gradient

    return checked(tf.convert_to_tensor(values))


def finite_losses(losses: Any, method: str) -> Any:
    """The losses of examples in full precision, if they are that, `(batch,)`, and finite.

    Args:
        losses: What the method called `method` gives.
        method: Its class's name, for messages.

    Raises:
        ValueError: If the losses have another shape.
        RuleError: As of `finite`.
    """
    if len(losses.shape) != 1:
        raise ValueError(
            f"The losses of {method} must have shape (batch,): the engine averages them over all replicas. "
            f"Received: a tensor of shape {tuple(losses.shape)}"
        )
    return finite(keras.ops.cast(losses, keras.config.floatx()), f"losses of {method}")


def require_finite(tensors: Sequence[Any], name: str) -> list[Any]:
    """`finite` of several tensors or `IndexedSlices` at once, through which no gradient is asked for."""
    message = f"All {name} must be finite. Received: NaN or infinity; training has diverged (a lower learning rate?)"
    with tf.control_dependencies([require(all_finite(tensors), message)]):
        return [tf.identity(tensor) for tensor in tensors]


def all_finite(tensors: Sequence[Any]) -> Any:
    """Whether no number of the tensors or `IndexedSlices` is NaN or infinite, a bool scalar."""
    values = (tensor.values if isinstance(tensor, tf.IndexedSlices) else tensor for tensor in tensors)
    return tf.reduce_all(tf.convert_to_tensor([tf.reduce_all(tf.math.is_finite(value)) for value in values], tf.bool))
