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
    values = tf.convert_to_tensor(values)
    return _waiting(values, _fail_unless(all_finite([values]), name))


def finite_losses(losses: Sequence[Any], method: str) -> list[Any]:
    """Returns losses in full precision if they have the shape `(batch,)` and, as `finite` checks, are finite.

    All losses of a forward pass are checked at once. Their gradients wait for the same operation, so TensorFlow finds
    the parts of backward passes that are equal, such as those of CycleGAN's cycles, and computes them once.

    Args:
        losses: The losses of examples, one tensor for each player.
        method: The name of the method's class, for messages.

    Raises:
        ValueError: If losses have another shape.
        RuleError: As in `finite`.
    """
    for each in losses:
        if len(each.shape) != 1:
            raise ValueError(
                f"The losses of {method} must have shape (batch,): the engine averages them over all replicas. "
                f"Received: a tensor of shape {tuple(each.shape)}"
            )
    values = [keras.ops.cast(each, keras.config.floatx()) for each in losses]
    check = _fail_unless(all_finite(values), f"losses of {method}")
    return [_waiting(value, check) for value in values]


def _waiting(values: Any, check: Any) -> Any:
    """The values, which wait for an operation, as their gradient does."""

    @tf.custom_gradient
    def waiting(tensor: tf.Tensor) -> Any:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            # Backpropagation does not need the value of the loss, so it would not wait for the check otherwise.
            with tf.control_dependencies([check]):
                return tf.identity(upstream)

        with tf.control_dependencies([check]):
            return tf.identity(tensor), gradient

    return waiting(values)


def require_finite(tensors: Sequence[Any], name: str) -> list[Any]:
    """Returns tensors or `IndexedSlices` that wait for a check that they are finite, without gradients.

    Raises:
        RuleError: When run, if a value is not finite. XLA drops the check.
    """
    # NaN and infinity make a sum NaN or infinite, and a sum takes a seventh of the time of looking at each number. Only
    # where it is, each is looked at: the sum of large numbers may be infinite, too.
    sums = [tf.cast(tf.reduce_sum(_numbers(tensor)), tf.float32) for tensor in tensors]
    total = tf.reduce_sum(tf.convert_to_tensor(sums, tf.float32))
    fine = tf.cond(tf.math.is_finite(total), lambda: tf.constant(True), lambda: all_finite(tensors))
    with tf.control_dependencies([_fail_unless(fine, name)]):
        return [tf.identity(tensor) for tensor in tensors]


def _fail_unless(fine: Any, name: str) -> Any:
    """An operation that fails, and says what was not finite, unless a bool scalar holds."""
    message = f"All {name} must be finite. Received: NaN or infinity; training has diverged (a lower learning rate?)"
    return require(fine, message)


def all_finite(tensors: Sequence[Any]) -> Any:
    """Whether all numbers of the tensors or `IndexedSlices` are finite, a bool scalar."""
    fine = [tf.reduce_all(tf.math.is_finite(_numbers(tensor))) for tensor in tensors]
    return tf.reduce_all(tf.convert_to_tensor(fine, tf.bool))


def _numbers(tensor: Any) -> Any:
    return tensor.values if isinstance(tensor, tf.IndexedSlices) else tensor
