"""Checks that compared tensors have the same shape; TensorFlow would broadcast them."""

from typing import Any

import keras
import tensorflow as tf

from keras_genssl.kinds.rules import require


def same_shape(name: str, value: Any, other_name: str, other: Any, axes: int | None = None) -> Any:
    """Returns `value` if it has the shape of `other`.

    Args:
        name: The name of `value` in the message, such as "`high`".
        value: A tensor of known rank.
        other_name: The name of `other` in the message, such as "what `network` makes of `low`".
        other: A tensor of known rank.
        axes: The number of leading axes that are compared; None: all.

    Returns:
        A tensor equal to `value`.

    Raises:
        ValueError: If known sizes differ.
        RuleError: When run, if sizes differ that were not known before.

    Example:
        >>> same_shape("`high`", tf.zeros((2, 8, 8, 1)), "what `network` gives", tf.zeros((2, 8, 8, 3)))
        Traceback (most recent call last):
        ...
        ValueError: `high` must have the shape of what `network` gives. Received: (2, 8, 8, 1) and (2, 8, 8, 3)
    """
    rule = f"{name} must have the shape of {other_name}. Received:"
    first, second = tuple(value.shape)[:axes], tuple(other.shape)[:axes]
    if len(first) != len(second) or any(
        None not in pair and pair[0] != pair[1] for pair in zip(first, second, strict=True)
    ):
        raise ValueError(f"{rule} {first} and {second}")
    if None not in first + second:
        return value
    sizes, others = tf.shape(value)[:axes], tf.shape(other)[:axes]
    with tf.control_dependencies([require(tf.reduce_all(sizes == others), rule, sizes, "and", others)]):
        return tf.identity(value)


def some(name: str, value: Any) -> Any:
    """Returns a tensor `(batch, ...)` if it holds at least one example; networks fail on none with obscure errors.

    Args:
        name: The argument's name, for the message.
        value: A tensor of known rank.

    Raises:
        ValueError: If it is known to hold none.
        RuleError: When run, if it holds none and that was not known before. XLA drops the check.

    Example:
        >>> some("images", tf.zeros((0, 8, 8, 1)))
        Traceback (most recent call last):
        ...
        ValueError: `images` must hold at least one example. Received: a batch of shape (0, 8, 8, 1)
    """
    rule = f"`{name}` must hold at least one example. Received: a batch of shape"
    if value.shape[0] == 0:
        raise ValueError(f"{rule} {tuple(value.shape)}")
    if value.shape[0] is not None or isinstance(value, keras.KerasTensor):
        return value
    with tf.control_dependencies([require(tf.shape(value)[0] > 0, rule, tf.shape(value))]):
        return tf.identity(value)


def require_rows(name: str, value: Any, shape: tuple[int, ...]) -> None:
    """Raises ValueError if the argument `name` is known not to have the shape `(batch, *shape)`."""
    if not tf.TensorShape(value.shape).is_compatible_with((None, *shape)):
        wanted = ", ".join(("batch", *map(str, shape)))
        raise ValueError(f"`{name}` must have shape ({wanted}). Received: {tuple(value.shape)}")
