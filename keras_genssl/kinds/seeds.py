"""Noise from a seed that the caller of a function gives."""

from typing import Any

import keras
import tensorflow as tf


class GivenSeed(keras.random.SeedGenerator):
    """A seed for Keras' random functions that may be a tensor: equal numbers give equal noise.

    It has no variables, so the output of a function depends only on its arguments. In a loop that TensorFlow runs, use
    `seed.at(turn)` in each turn; otherwise all turns draw the same numbers.

    Args:
        number: An integer, or a scalar tensor of one.

    Example:
        >>> one, other = GivenSeed(3), GivenSeed(tf.constant(3))
        >>> bool(keras.random.normal((), seed=one) == keras.random.normal((), seed=other))
        True
    """

    def __init__(self, number: Any) -> None:
        # The base class's constructor is not called: it would make a variable.
        self._seed = tf.stack([tf.cast(number, tf.int64), tf.constant(0, tf.int64)])
        self._drawn = 0

    def at(self, turn: Any) -> "GivenSeed":
        """The seed of one turn of a loop; `turn` is an integer or a scalar tensor."""
        other = GivenSeed(0)
        other._seed = tf.random.experimental.stateless_fold_in(self._seed, tf.cast(turn, tf.int64))
        return other

    def next(self, ordered: bool = True) -> Any:
        """The next seed, an int tensor `(2,)`."""
        self._drawn += 1
        return tf.random.experimental.stateless_fold_in(self._seed, tf.constant(self._drawn, tf.int64))
