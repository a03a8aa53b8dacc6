"""Whether the values of a tensor can be seen now, or only when a graph runs."""

from collections.abc import Callable
from typing import Any

import keras


def asserted(tensor: Any, condition: Any, message: str) -> Any:
    """A tensor that is an InvalidArgumentError, with the message, where a condition does not hold when a graph runs.

    TensorFlow's graphs alone can raise one, and not under XLA: elsewhere it is the tensor as it is.
    """
    if keras.backend.backend() != "tensorflow" or isinstance(tensor, keras.KerasTensor):
        return tensor
    import tensorflow as tf

    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(tensor)


def known(test: Callable[[], Any], *tensors: Any) -> bool | None:
    """What a test of tensors says, None in a graph, where no value is known yet.

    Args:
        test: gives a tensor that is one boolean; not called where a tensor is symbolic to Keras, nor in a graph of
            TensorFlow's, which would keep the operations.
        tensors: those that it looks at.

    Example:
        >>> import numpy as np
        >>> known(lambda: keras.ops.any(np.array([0, 1]) > 0)), known(lambda: False, keras.KerasTensor((1,)))
        (True, None)
    """
    if any(isinstance(tensor, keras.KerasTensor) for tensor in tensors) or _in_graph():
        return None
    try:
        return bool(test())
    except TypeError:  # of JAX, where what is asked for its value belongs to a graph
        return None


def _in_graph() -> bool:
    """Whether TensorFlow builds a graph, in which the test would stay, and be exported, though nothing asks for it."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.executing_eagerly()
