"""Rules that can be looked at only when a step runs, and how whoever breaks one is told."""

import functools
import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf


class RuleError(tf.errors.InvalidArgumentError, ValueError):
    """A step that broke a rule, in the rule's own sentence.

    A `ValueError`, as for rules that are looked at before anything runs; and TensorFlow's error too, which a compiled
    step raises with the sentence at the end of a page of its stack.

    Args:
        node_def: None; like the next one what Keras hands on where it makes the error anew.
        op: None.
        message: The sentence.
    """


def require(condition: Any, rule: str, *received: Any) -> Any:
    """An operation that fails with a rule where a condition does not hold; what runs must depend on it.

    Args:
        condition: A bool scalar.
        rule: The argument, the rule, and `Received:`, as errors say it.
        *received: What comes after it, strings and tensors of integers.

    Returns:
        For `tf.control_dependencies`. XLA compiles it away.

    Raises:
        RuleError: At once outside of graphs; from a graph see `in_plain_words`.

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
    """As `require`, of integers each of which is to fulfil a condition; the rule ends before `Received:`.

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
    """A compiled step of Keras that raises `RuleError` where TensorFlow's error holds a rule, and else that error."""

    @functools.wraps(step)
    def told(iterator: Any) -> Any:
        try:
            return step(iterator)
        except tf.errors.InvalidArgumentError as error:
            rule = None if isinstance(error, RuleError) else _rule_in(error.message)
            if rule is None:
                raise
        raise RuleError(None, None, rule)  # not while the other is handled: Python would show both

    return told


def _rule_in(message: str) -> str | None:
    """The sentence in TensorFlow's message, if it is one of ours: they say what must be, or what was received."""
    found = re.search(r"assertion failed: \[(.*)\]\s*$", message, re.MULTILINE)
    if found is None or not re.search(" must |Received:", found[1]):
        return None
    own = found[1].split("] [Condition ")[0]  # after it `tf.debugging` lists values
    if "\\" in own:  # as C writes apostrophes and letters beyond ASCII
        own = own.encode().decode("unicode_escape").encode("latin-1").decode()
    rule, *received = own.split("] [")
    return " ".join((rule, *(_listed(part) for part in received)))


def _listed(part: str) -> str:
    """A shape or a number as Python writes it, words as they are."""
    numbers = part.strip("[]").split()
    if not all(number.lstrip("-").isdigit() for number in numbers):
        return part
    return f"({', '.join(numbers)})" if len(numbers) > 1 else "".join(numbers)


_SHOWN = 8  # dimensions of a shape
