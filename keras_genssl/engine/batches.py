"""What `fit` hands to a method, by name, checked and converted as its inputs say."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.checks import image_tensors, label_tensors
from keras_genssl.engine import replicas
from keras_genssl.kinds import Anything, Kind
from keras_genssl.kinds.rules import require


def by_name(method: str, data: Any, inputs: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """The parts of a batch by their names.

    Args:
        method: Who asks, for the messages.
        data: A tensor (the first input), a tuple (the inputs in order) or a dict with the inputs as keys,
            whose further keys pass through.
        inputs: The names of the parts, in order.
        required: Those that must be there.

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
    """A batch whose shapes and values were looked at, as its kinds give it to a method.

    Args:
        method: Who asks, for the messages.
        named: Tensors by name; what is not among the inputs passes through.
        inputs: The method's; by the first that is there each replica's share is judged.

    Raises:
        ValueError: If a shape or a dtype is another, or there are not as many examples of one input as of another.
        RuleError: When run, if a shape or a value is not as said, or a replica gets no example. XLA compiles these
            checks away; see `Kind.converted`.
    """
    kinds = {name: kind for name, kind in inputs.items() if name in named and not isinstance(kind, Anything)}
    examples = {name: kind.fitted(method, name, named[name]) for name, kind in kinds.items()}
    with tf.control_dependencies([*_assert_as_many(examples), *_assert_shared_out(examples)]):
        return {
            name: kinds[name].converted(name, examples[name]) if name in kinds else value
            for name, value in named.items()
        }


def _assert_as_many(examples: Mapping[str, Any]) -> list[Any]:
    """One example beside several would be compared with each of them."""
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
    """Convolutions fail obscurely on the empty share that a small remainder leaves to a replica."""
    if replicas.count() == 1 or not examples:
        return []
    rule = (
        f"Each of the {replicas.count()} replicas must get an example of every batch. Received: a batch smaller "
        "than that; drop the remainder (`drop_remainder=True`)"
    )
    return [require(tf.shape(next(iter(examples.values())))[0] > 0, rule)]


def one_hot(labels: Any, count: int) -> Any:
    """Integers `(batch,)` as float vectors `(batch, count)`: NaN, not zeros, where one lies outside [0, count)."""
    labels = label_tensors.as_classes(label_tensors.checked_labels(labels, "label"), count)
    vectors = keras.ops.one_hot(labels, count, dtype=keras.config.floatx())
    return keras.ops.where(labels[:, None] >= 0, vectors, float("nan"))


scaled = image_tensors.signed
"""Images stored as uint8 as float in [-1, 1]; float images as they are, looked at outside of graphs."""
