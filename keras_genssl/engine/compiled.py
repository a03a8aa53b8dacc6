"""Functions that run as one graph, outside of a training step."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a function of tensors, for loops of many small operations; batches of all sizes share one graph.

    Example:
        >>> int(compiled(lambda x: x + 1)(tf.constant(1)))
        2
    """
    return tf.function(function, autograph=False, reduce_retracing=True)
