"""Functions that run as graphs."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def as_graph(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one graph of TensorFlow, traced once for all batch sizes, in which loops do not run in Python.

    Called while another graph is made, it is the function itself, a part of that graph.

    Args:
        function: A function of tensors; a method makes the graph once and keeps it.

    Example:
        >>> double = as_graph(lambda values: values + values)
        >>> double(tf.constant([1, 2])).numpy().tolist()
        [2, 4]
    """
    graph: Callable[..., Any] = tf.function(function, autograph=False, reduce_retracing=True)

    def called(*args: Any) -> Any:
        return graph(*args) if tf.executing_eagerly() else function(*args)

    return called
