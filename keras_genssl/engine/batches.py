"""Batches: named, checked and converted by the inputs of a method."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.checks import tensors
from keras_genssl.engine import replicas
from keras_genssl.kinds import Anything, Kind
from keras_genssl.kinds.rules import require


def by_name(method: str, data: Any, inputs: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """The parts of a batch by their names.

    Args:
        method: The name of the method, for messages.
        data: A tensor (the first input), a tuple (the inputs in order) or a dict with the inputs as keys, whose other
            keys are kept.
        inputs: The names of the parts, in order.
        required: The names of the parts that must be present.

    Raises:
        ValueError: If a required input is missing, or there is more than the inputs (sample weights).
    """
    parts = data if isinstance(data, (tuple, list)) else (data,)
    named = dict(parts[0]) if isinstance(parts[0], dict) else dict(zip(inputs, parts, strict=False))
    taken = 1 if isinstance(parts[0], dict) else len(inputs)
    if any(part is not None for part in parts[taken:]):
        raise ValueError(
            f"A batch for {method} is a dict, or a tuple of at most {list(inputs)}; sample weights and targets "
            f"beside a dict are not taken. Received: {len(parts)} parts"
        )
    named = {key: value for key, value in named.items() if value is not None}
    missing = [name for name in required if name not in named]
    if missing:
        raise ValueError(
            f"A batch for {method} must hold {list(required)}, by name or in this order. "
            f"Received: {list(named)}, without {missing}"
        )
    return named


def checked(method: str, named: Mapping[str, Any], inputs: Mapping[str, Kind]) -> dict[str, Any]:
    """Checks the shapes and values of a batch, and converts it by its kinds.

    Args:
        method: The name of the method, for messages.
        named: Tensors by name; those that are not inputs are kept unchanged.
        inputs: The method's inputs; the first that is present gives the number of examples of a replica.

    Raises:
        ValueError: If a shape or a dtype is wrong, or two inputs have different numbers of examples.
        RuleError: When run, if a shape or a value is wrong, or a replica gets no example. XLA drops these checks; see
            `Kind.converted`.
    """
    kinds = {name: kind for name, kind in inputs.items() if name in named and not isinstance(kind, Anything)}
    examples = {name: kind.fitted(method, name, named[name]) for name, kind in kinds.items()}
    with tf.control_dependencies([*_assert_as_many(examples), *_assert_shared_out(examples)]):
        return {
            name: kinds[name].converted(name, examples[name]) if name in kinds else value
            for name, value in named.items()
        }


def _assert_as_many(examples: Mapping[str, Any]) -> list[Any]:
    """Requires the same number of examples of all inputs: a single example would be broadcast to all others."""
    asserted = []
    for name, other in list(examples.items())[1:]:
        first, value = next(iter(examples.items()))
        rule = f"`{name}` must hold as many examples as `{first}`. Received:"
        counts = value.shape[0], other.shape[0]
        if None in counts:
            counts = tf.shape(value)[0], tf.shape(other)[0]
            asserted.append(require(tf.equal(*counts), rule, counts[1], "and", counts[0]))
        elif counts[0] != counts[1]:
            raise ValueError(f"{rule} {counts[1]} and {counts[0]}")
    return asserted


def _assert_shared_out(examples: Mapping[str, Any]) -> list[Any]:
    """Requires an example on each replica: convolutions fail with obscure errors on an empty share of a remainder."""
    if replicas.count() == 1 or not examples:
        return []
    rule = (
        f"Each of the {replicas.count()} replicas must get an example of every batch. Received: a batch smaller "
        "than that; drop the remainder (`drop_remainder=True`)"
    )
    return [require(tf.shape(next(iter(examples.values())))[0] > 0, rule)]


def one_hot(labels: Any, count: int) -> Any:
    """One-hot float vectors `(batch, count)` of integers `(batch,)`; NaN, not zeros, for those outside [0, count)."""
    labels = tensors.as_classes(tensors.checked_labels(labels, "label"), count)
    vectors = keras.ops.one_hot(labels, count, dtype=keras.config.floatx())
    return keras.ops.where(labels[:, None] >= 0, vectors, float("nan"))


scaled = tensors.signed
"""Scales uint8 images to float in [-1, 1]; returns float images unchanged, with a check outside of graphs."""

required = tensors.require_images
"""Returns images unchanged, uint8 or float, with the same check."""
