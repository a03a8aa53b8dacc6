"""Gradient descent on inputs by Adam: a loop that TensorFlow runs."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_genssl.engine.gradients import input_gradient_and_more

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7  # of Adam, as in Keras


def adam_descent(
    objective: Callable[[Any], Any], start: Any, steps: int, learning_rate: float, groups: int = 1
) -> tuple[Any, Any]:
    """Minimises a function of each of several points by Adam (Kingma & Ba, 2015), and returns the best points met.

    Adam's moments are those of each number, so a point moves as it would alone: its path does not depend on the other
    points. Because the best point is kept, and not the last one, more steps never give a larger value.

    Args:
        objective: Maps points to values `(num,)`, each of its own point. Networks in it are only read.
        start: Where each point begins, float `(num, dim)`.
        steps: The number of steps, at least 1.
        learning_rate: Adam's step size.
        groups: Of the `num` points, each `groups` that follow one another compete: one is returned.

    Returns:
        The points with the smallest values, `(num / groups, dim)`, and these values, `(num / groups,)`; the value is
        infinite if none was a number.

    Example:
        >>> start = tf.zeros((2, 1))
        >>> points, values = adam_descent(lambda at: tf.abs(at[:, 0] - [1.0, -2.0]), start, 300, 0.05)
        >>> points.numpy().round(1).tolist()
        [[1.0], [-2.0]]
    """

    def better(points: Any, values: Any, best: Any, least: Any) -> tuple[Any, Any]:
        won = values < least  # never a value that is not a number
        return tf.where(won[:, None], points, best), tf.where(won, values, least)

    def step(number: Any, points: Any, mean: Any, square: Any, best: Any, least: Any) -> tuple[Any, ...]:
        def looked_at(at: Any) -> tuple[Any, Any]:
            values = objective(at)
            return values, values

        gradient, values = input_gradient_and_more(looked_at, points)
        best, least = better(points, values, best, least)
        mean = _BETA_1 * mean + (1 - _BETA_1) * gradient
        square = _BETA_2 * square + (1 - _BETA_2) * tf.square(gradient)
        count = tf.cast(number + 1, points.dtype)
        rate = learning_rate * tf.sqrt(1 - _BETA_2**count) / (1 - _BETA_1**count)
        return number + 1, points - rate * mean / (tf.sqrt(square) + _EPSILON), mean, square, best, least

    zeros, infinite = tf.zeros_like(start), tf.fill(tf.shape(start)[:1], tf.constant(float("inf"), start.dtype))
    first = (tf.constant(0), start, zeros, zeros, start, infinite)
    _, points, _, _, best, least = tf.while_loop(lambda number, *_: number < steps, step, first)
    best, least = better(points, objective(points), best, least)
    if groups == 1:
        return best, least
    least = tf.reshape(least, (-1, groups))
    winner = tf.argmin(least, axis=1)
    best = tf.gather(tf.reshape(best, (-1, groups, start.shape[1])), winner, axis=1, batch_dims=1)
    return best, tf.reduce_min(least, axis=1)
