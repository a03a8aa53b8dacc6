"""Tests of tensors whose values may be known only when a graph runs."""

from collections.abc import Callable
from typing import Any

import keras


def asserted(tensor: Any, condition: Any, message: str) -> Any:
    """Returns a tensor that raises InvalidArgumentError with the message if a condition fails when the graph runs.

    Only TensorFlow's graphs can raise it, and not under XLA; elsewhere the tensor is returned unchanged.
    """
    if keras.backend.backend() != "tensorflow" or isinstance(tensor, keras.KerasTensor):
        return tensor
    import tensorflow as tf

    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(tensor)


def known(test: Callable[[], Any], *tensors: Any) -> bool | None:
    """The result of a test of tensors; None in a graph, where no value is known yet.

    Args:
        test: returns a boolean tensor. It is not called for symbolic tensors of Keras, nor in a graph of TensorFlow,
            which would keep the operations.
        tensors: the tensors that are tested.

    Example:
        >>> import numpy as np
        >>> known(lambda: keras.ops.any(np.array([0, 1]) > 0)), known(lambda: False, keras.KerasTensor((1,)))
        (True, None)
    """
    if any(isinstance(tensor, keras.KerasTensor) for tensor in tensors) or _in_graph():
        return None
    try:
        return bool(test())
    except TypeError:  # JAX raises it for the value of a traced tensor
        return None


def _in_graph() -> bool:
    """Whether TensorFlow is building a graph, which would keep and export the test although nothing uses it."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.executing_eagerly()
