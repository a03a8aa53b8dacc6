"""Gradient ascent on inputs: one compiled loop."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.engine.compiling import uses_xla
from keras_genssl.engine.gradients import input_gradient_and_more


def compiled_ascent(
    objective: Callable[..., tuple[Any, Any]], move: Callable[[Any, Any, Any], Any], steps: int
) -> Callable[..., tuple[Any, Any]]:
    """Compiles a loop that moves points along the gradient of an objective.

    The network of the objective is only read: its weights and statistics do not change.

    Args:
        objective: `objective(points, step, *rows)` returns two tensors `(batch,)`: the values that are climbed, each
            of its own point, and values that are recorded.
        move: `move(points, gradient, step)` returns the points after a step, of the same shape.
        steps: The number of steps, at least 1. `step` counts them from 0, an int32 scalar.

    Returns:
        A function of points, float `(batch, ...)`, and of tensors `(batch, ...)` that belong to them, which returns
        the points after all steps and the recorded values `(batch, steps)`, each taken before its step.
    """

    def climb(points: Any, *rows: Any) -> tuple[Any, Any]:
        def step(number: Any, points: Any, trace: Any) -> tuple[Any, Any, Any]:
            gradient, recorded = input_gradient_and_more(lambda at: objective(at, number, *rows), points)
            moved = tf.ensure_shape(move(points, gradient, number), points.shape)
            return number + 1, moved, trace.write(number, recorded)

        trace = tf.TensorArray(keras.config.floatx(), steps, element_shape=(points.shape[0],))
        _, points, trace = tf.while_loop(lambda number, *_: number < steps, step, (0, points, trace))
        return points, tf.transpose(trace.stack())

    jit_compile = uses_xla(tf.distribute.get_strategy(), "auto", run_eagerly=False)
    return tf.function(climb, autograph=False, reduce_retracing=True, jit_compile=jit_compile)


def traced(function: Callable[..., Any], *tensors: Any) -> str | None:
    """Why TensorFlow cannot make a graph of a function of tensors; None if it can.

    Functions of NumPy, and those that branch on a value or read it, run eagerly and fail in a graph.
    """
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
    try:
        tf.function(function, autograph=False).get_concrete_function(*specs)
    except (NotImplementedError, AttributeError, TypeError) as error:
        return f"cannot be compiled: {str(error).strip().splitlines()[0]}"
    return None
