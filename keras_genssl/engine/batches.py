"""What `fit` hands to a method, by name, checked and with images as floats."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.checks import image_tensors, label_tensors
from keras_genssl.checks.image_arrays import BOUND, RANGE
from keras_genssl.engine import replicas
from keras_genssl.engine.rules import require, require_all

_IMAGES = (4, 5)  # the ranks of images and of stacks of images


def by_name(method: str, data: Any, fields: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """The parts of a batch by their names.

    Args:
        method: Who asks, for the messages.
        data: A tensor (the first field), a tuple (the fields in order) or a dict with the fields as keys,
            whose further keys pass through.
        fields: The names of the parts, in order.
        required: Those that must be there.

    Raises:
        ValueError: If a required field is missing, or there is more than the fields (sample weights).
    """
    parts = data if isinstance(data, (tuple, list)) else (data,)
    named = dict(parts[0]) if isinstance(parts[0], dict) else dict(zip(fields, parts, strict=False))
    taken = 1 if isinstance(parts[0], dict) else len(fields)
    if any(part is not None for part in parts[taken:]):
        raise ValueError(
            f"A batch for {method} is a dict, or a tuple of at most {list(fields)}; sample weights and targets "
            f"beside a dict are not taken. Received: {len(parts)} parts"
        )
    named = {key: value for key, value in named.items() if value is not None}
    missing = [field for field in required if field not in named]
    if missing:
        raise ValueError(
            f"A batch for {method} must hold {list(required)}, by name or in this order. "
            f"Received: {list(named)}, without {missing}"
        )
    return named


def checked(
    method: str,
    named: Mapping[str, Any],
    fields: Sequence[str],
    required: Sequence[str],
    shapes: Mapping[str, tuple[int | None, ...]],
    num_labels: int | None,
) -> dict[str, Any]:
    """A batch whose shapes, labels and ranges were looked at, images as float32 in [-1, 1].

    Args:
        method: Who asks, for the messages.
        named: Tensors by field. Those of rank 4 are images, of rank 5 stacks of them: uint8, or float in [-1, 1].
        fields: The method's own, whose images may have no other dtype; by the first each replica's share is judged.
        required: Those of the fields that must be there.
        shapes: By field, the shape of an example; None for any size. A dataset need not tell the shape of such a
            field, but must tell the rank of another one that is required.
        num_labels: The field `label` must lie in [0, num_labels); None: it is not looked at.

    Raises:
        ValueError: If a shape is another, the dtype of labels or images, or there are not as many examples in one
            field as in another.
        RuleError: When run, if a shape, a float image or a label is not as said, or a replica gets no example. XLA
            compiles these checks away; there an image that leaves [-1, 1] becomes NaN, and so does what
            `one_hot` makes of a label outside, so that the loss shows it.
    """
    named = dict(named)
    for field in (*required, *shapes):
        if field in named:
            named[field] = of_shape(method, field, named[field], shapes.get(field))
    examples = {field: named[field] for field in dict.fromkeys((*required, *shapes)) if field in named}
    if num_labels is not None and "label" in named:
        named["label"] = classes(named["label"], num_labels)
    for field in fields:
        if field in named and _rank(named[field]) in _IMAGES and not _is_image(named[field]):
            raise ValueError(
                f"`{field}` must hold images as uint8, or as float in [-1, 1]. "
                f"Received: a batch of {tf.as_dtype(named[field].dtype).name}"
            )
    with tf.control_dependencies([*_assert_as_many(examples), *_assert_shared_out(named[fields[0]])]):
        return {key: _as_image(key, value) if _is_image(value) else value for key, value in named.items()}


def _assert_as_many(examples: Mapping[str, Any]) -> list[Any]:
    """One example beside several would be compared with each of them."""
    (first, value), *others = examples.items()
    asserted = []
    for field, other in others:
        rule = f"`{field}` must hold as many examples as `{first}`. Received:"
        counts = value.shape[0], other.shape[0]
        if None in counts:
            counts = tf.shape(value)[0], tf.shape(other)[0]
            asserted.append(require(tf.equal(*counts), rule, counts[1], "and", counts[0]))
        elif counts[0] != counts[1]:
            raise ValueError(f"{rule} {counts[1]} and {counts[0]}")
    return asserted


def _assert_shared_out(first: Any) -> list[Any]:
    """Convolutions fail obscurely on the empty share that a small remainder leaves to a replica."""
    if replicas.count() == 1:
        return []
    rule = (
        f"Each of the {replicas.count()} replicas must get an example of every batch. Received: a batch smaller "
        "than that; drop the remainder (`drop_remainder=True`)"
    )
    return [require(tf.shape(first)[0] > 0, rule)]


def of_shape(method: str, field: str, value: Any, shape: tuple[int | None, ...] | None) -> Any:
    """A dense tensor of known rank.

    Args:
        method: Who asks, for the messages.
        field: What it is.
        value: A tensor.
        shape: That of an example, where the method says one; None for any size.

    Raises:
        ValueError: If the shape is another, or the rank neither said nor told.
        RuleError: When run, if the shape is another where it was not known before.
    """
    if isinstance(value, tf.RaggedTensor | tf.SparseTensor):
        raise ValueError(
            f"`{field}` must be a dense tensor for this {method}: give its examples one shape in the dataset's `map`. "
            f"Received: a {type(value).__name__}"
        )
    value = tf.convert_to_tensor(value)
    if shape is None:
        if value.shape.rank is None:
            raise ValueError(
                f"`{field}` must have a known rank for this {method}: name it in the dataset's `map`, as "
                f"`tf.ensure_shape({field}, (None, ...))`, or in `output_signature=` of `from_generator`. "
                "Received: a tensor of unknown shape"
            )
        return value
    wanted = ", ".join(("batch", *("any" if size is None else str(size) for size in shape)))
    rule = f"`{field}` must have shape ({wanted if shape else 'batch,'}) for this {method}. Received: a batch of shape"
    if not value.shape.is_compatible_with((None, *shape)):
        raise ValueError(f"{rule} {tuple(value.shape)}")
    if value.shape.rank is not None and not any(
        size is not None and told is None for size, told in zip(shape, value.shape[1:], strict=True)
    ):
        return value
    sizes = tf.shape(value)
    expected = tf.constant([-1, *(-1 if size is None else size for size in shape)])
    padded = tf.concat([sizes, -tf.ones_like(expected)], axis=0)[: len(shape) + 1]  # whatever the rank is
    fits = tf.reduce_all((expected < 0) | (padded == expected)) & (tf.size(sizes) == len(shape) + 1)
    with tf.control_dependencies([require(fits, rule, sizes)]):  # `ensure_shape` alone would not name the field
        return tf.ensure_shape(value, (None, *shape))


def classes(labels: Any, count: int, name: str = "label") -> Any:
    """The field `name` as int32 `(batch,)`, if it holds integers in [0, count).

    Raises:
        ValueError: If they have another dtype or shape.
        RuleError: When run, if one lies outside. XLA drops this check; it becomes -1 there, see `one_hot`.
    """
    labels = label_tensors.checked_labels(labels, name)
    rule = f"`{name}` must lie in [0, {count}), the method's classes"
    with tf.control_dependencies([require_all(label_tensors.inside(labels, count), rule, labels)]):
        return label_tensors.as_classes(labels, count)


def one_hot(labels: Any, count: int) -> Any:
    """Integers `(batch,)` as float vectors `(batch, count)`: NaN, not zeros, where one lies outside [0, count)."""
    labels = label_tensors.as_classes(label_tensors.checked_labels(labels, "label"), count)
    vectors = keras.ops.one_hot(labels, count, dtype=keras.config.floatx())
    return keras.ops.where(labels[:, None] >= 0, vectors, float("nan"))


def _rank(value: Any) -> int | None:
    """The number of axes; None of what passes through with an unknown one."""
    return tf.TensorShape(value.shape).rank


def _is_image(value: Any) -> bool:
    return _rank(value) in _IMAGES and (value.dtype == "uint8" or tf.as_dtype(value.dtype).is_floating)


scaled = image_tensors.signed
"""Images stored as uint8 as float in [-1, 1]; float images as they are, looked at outside of graphs."""


def _as_image(name: str, value: Any) -> Any:
    if value.dtype == "uint8":
        return scaled(value)
    value = keras.ops.cast(value, keras.config.floatx())
    rule = f"{RANGE}. Received: `{name}` leaves the range"
    bound = tf.constant(BOUND, value.dtype)
    with tf.control_dependencies([require(tf.reduce_all(tf.abs(value) <= bound), rule)]):
        return tf.where(tf.abs(value) <= bound, value, tf.constant(float("nan"), value.dtype))
