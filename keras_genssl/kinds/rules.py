"""Rules that can be checked only when a step runs, and their error messages."""

import functools
import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf


class RuleError(tf.errors.InvalidArgumentError, ValueError):
    """The error of a step that breaks a rule; its message is the rule.

    It is a `ValueError`, as for rules that are checked before a step runs. It is also TensorFlow's error, which a
    compiled step raises with the rule at the end of a long stack trace.

    Args:
        node_def: None; Keras passes this argument and the next when it makes the error again.
        op: None.
        message: The rule.
    """


def require(condition: Any, rule: str, *received: Any) -> Any:
    """Makes an operation that fails with a message if a condition does not hold; later operations must depend on it.

    Args:
        condition: A bool scalar.
        rule: The start of the message: the argument, the rule, and `Received:`.
        *received: The rest of the message, strings and tensors of integers.

    Returns:
        The operation, for `tf.control_dependencies`. XLA drops it.

    Raises:
        RuleError: At once outside of graphs; for errors in a graph see `in_plain_words`.

    Example:
        >>> require(tf.constant(False), "`k` must be even. Received:", tf.constant([3, 4]), "by number")
        Traceback (most recent call last):
        ...
        keras_genssl.kinds.rules.RuleError: `k` must be even. Received: (3, 4) by number
    """
    if not tf.executing_eagerly():
        return tf.debugging.Assert(condition, [rule, *received], summarize=_SHOWN)
    if not condition:
        parts = (part if isinstance(part, str) else _listed(str(part.numpy())) for part in received)
        raise RuleError(None, None, " ".join((rule, *parts)))
    return None


def require_all(conditions: Any, rule: str, numbers: Any) -> Any:
    """Like `require`, for integers that must each fulfil a condition; `rule` ends before `Received:`.

    Example:
        >>> require_all(tf.constant([True, False]), "`label` must lie in [0, 3)", tf.constant([1, 7]))
        Traceback (most recent call last):
        ...
        keras_genssl.kinds.rules.RuleError: `label` must lie in [0, 3). Received: numbers from 1 to 7
    """
    wide = tf.cast(numbers, tf.int64)
    extremes = tf.reduce_min(wide), "to", tf.reduce_max(wide)
    return require(tf.reduce_all(conditions), f"{rule}. Received: numbers from", *extremes)


def in_plain_words(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wraps a compiled step of Keras: it raises `RuleError` if TensorFlow's error contains a rule, else that error."""

    @functools.wraps(step)
    def told(iterator: Any) -> Any:
        try:
            return step(iterator)
        except tf.errors.InvalidArgumentError as error:
            rule = None if isinstance(error, RuleError) else _rule_in(error.message)
            if rule is None:
                raise
        raise RuleError(None, None, rule)  # outside of the `except`: otherwise Python would show both errors

    return told


def _rule_in(message: str) -> str | None:
    """The rule in TensorFlow's message, or None; rules of this library contain `must` or `Received:`."""
    found = re.search(r"assertion failed: \[(.*)\]\s*$", message, re.MULTILINE)
    if found is None or not re.search(" must |Received:", found[1]):
        return None
    own = found[1].split("] [Condition ")[0]  # `tf.debugging` lists values after it
    if "\\" in own:  # C escapes apostrophes and non-ASCII letters
        own = own.encode().decode("unicode_escape").encode("latin-1").decode()
    rule, *received = own.split("] [")
    return " ".join((rule, *(_listed(part) for part in received)))


def _listed(part: str) -> str:
    """Formats a shape or a number as Python writes it; returns words unchanged."""
    numbers = part.strip("[]").split()
    if not all(number.lstrip("-").isdigit() for number in numbers):
        return part
    return f"({', '.join(numbers)})" if len(numbers) > 1 else "".join(numbers)


_SHOWN = 8  # the number of dimensions of a shape that messages show
