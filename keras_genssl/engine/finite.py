"""A check in the step that stops a diverged training before its weights are lost."""

from typing import Any

import tensorflow as tf


def finite(values: Any, name: str) -> Any:
    """The values themselves, if none of them is NaN or infinite.

    What is computed from the result waits for the check, and so do gradients through it: no optimizer has moved a
    weight when it fails. Batch normalisation's moving statistics belong to the forward pass, and may have moved.

    Args:
        values: A float tensor.
        name: What they are, for the message.

    Returns:
        A tensor equal to `values`.

    Raises:
        InvalidArgumentError: When run, if a value is not finite. XLA compiles the check away: there the loss
            becomes NaN and the weights follow; `keras.callbacks.TerminateOnNaN` ends such a training.

    Example:
        >>> finite(tf.constant([0.0, 2.0]), "distances").numpy().tolist()
        [0.0, 2.0]
    """
    message = f"All {name} must be finite. Received: NaN or infinity; training has diverged (a lower learning rate?)"

    @tf.custom_gradient
    def checked(tensor: tf.Tensor) -> Any:
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(tensor)), [message])]):
            result = tf.identity(tensor)

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            # Backpropagation needs no value of a loss: nothing else makes it wait.
            with tf.control_dependencies([result]):
                return tf.identity(upstream)

        return result, gradient

    return checked(tf.convert_to_tensor(values))
