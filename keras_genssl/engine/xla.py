"""Parts of a graph that are compiled with XLA, where the whole is not."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def compiled_in_graphs(function: Callable[..., Any], *tensors: Any) -> Any:
    """What a function answers; in a graph it is compiled with XLA, once for each shape that comes.

    Args:
        function: Of tensors, with static shapes but for the batch. Random numbers come from outside: XLA draws others.
        *tensors: Its arguments.
    """
    if tf.executing_eagerly():
        return function(*tensors)
    return tf.function(function, jit_compile=True, autograph=False)(*tensors)
