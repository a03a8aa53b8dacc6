"""What `fit` hands to a method, by name, checked and with images as floats."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.checks import image_tensors, label_tensors
from keras_genssl.checks.image_arrays import BOUND, RANGE
from keras_genssl.engine import replicas

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
    shapes: Mapping[str, tuple[int | None, ...]],
    num_labels: int | None,
) -> dict[str, Any]:
    """A batch whose shapes, labels and ranges were looked at, images as float32 in [-1, 1].

    Args:
        method: Who asks, for the messages.
        named: Tensors by field. Those of rank 4 are images, of rank 5 stacks of them: uint8, or float in [-1, 1].
        fields: The method's own, whose images may have no other dtype; by the first each replica's share is judged.
        shapes: By field, the shape of an example; None for any size.
        num_labels: The field `label` must lie in [0, num_labels); None: it is not looked at.

    Raises:
        ValueError: If a shape is another, or the dtype of labels or images.
        InvalidArgumentError: When run, if a float image leaves [-1, 1], a label its range, or a replica gets no
            example. XLA compiles these checks away; there an image that leaves [-1, 1] becomes NaN, and so does what
            `one_hot` makes of a label outside, so that the loss shows it.
    """
    named = dict(named)
    for field, shape in shapes.items():
        if field in named:
            named[field] = _of_shape(method, field, named[field], shape)
    if num_labels is not None and "label" in named:
        named["label"] = classes(named["label"], num_labels)
    for field in fields:
        if field in named and len(named[field].shape) in _IMAGES and not _is_image(named[field]):
            raise ValueError(
                f"`{field}` must hold images as uint8, or as float in [-1, 1]. "
                f"Received: a batch of {tf.as_dtype(named[field].dtype).name}"
            )
    with tf.control_dependencies(_assert_shared_out(named[fields[0]])):
        return {key: _as_image(key, value) if _is_image(value) else value for key, value in named.items()}


def _assert_shared_out(first: Any) -> list[Any]:
    """Convolutions fail obscurely on the empty share that a small remainder leaves to a replica."""
    if replicas.count() == 1:
        return []
    rule = (
        f"Each of the {replicas.count()} replicas must get an example of every batch. Received: a batch smaller "
        "than that; drop the remainder (`drop_remainder=True`)"
    )
    return [tf.debugging.assert_positive(tf.shape(first)[0], message=rule)]


def _of_shape(method: str, field: str, value: Any, shape: tuple[int | None, ...]) -> Any:
    value = tf.convert_to_tensor(value)
    if not value.shape.is_compatible_with((None, *shape)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(
            f"`{field}` must have shape (batch, {wanted}) for this {method}. "
            f"Received: a batch of shape {tuple(value.shape)}"
        )
    return tf.ensure_shape(value, (None, *shape))


def classes(labels: Any, count: int, name: str = "label") -> Any:
    """The field `name` as int32 `(batch,)`, if it holds integers in [0, count).

    Raises:
        ValueError: If they have another dtype or shape.
        InvalidArgumentError: When run, if one lies outside. XLA drops this check; it becomes -1 there, see `one_hot`.
    """
    labels = label_tensors.checked_labels(labels, name)
    rule = f"`{name}` must lie in [0, {count}), the method's classes"
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(label_tensors.inside(labels, count)), [rule])]):
        return label_tensors.as_classes(labels, count)


def one_hot(labels: Any, count: int) -> Any:
    """Integers `(batch,)` as float vectors `(batch, count)`: NaN, not zeros, where one lies outside [0, count)."""
    labels = label_tensors.as_classes(label_tensors.checked_labels(labels, "label"), count)
    vectors = keras.ops.one_hot(labels, count, dtype=keras.config.floatx())
    return keras.ops.where(labels[:, None] >= 0, vectors, float("nan"))


def _is_image(value: Any) -> bool:
    return len(value.shape) in _IMAGES and (value.dtype == "uint8" or tf.as_dtype(value.dtype).is_floating)


scaled = image_tensors.signed
"""Images stored as uint8 as float in [-1, 1]; float images as they are, looked at outside of graphs."""


def _as_image(name: str, value: Any) -> Any:
    if value.dtype == "uint8":
        return scaled(value)
    value = keras.ops.cast(value, keras.config.floatx())
    rule = f"{RANGE}. Received: `{name}` leaves the range"
    bound = tf.constant(BOUND, value.dtype)
    with tf.control_dependencies([tf.debugging.assert_less_equal(tf.abs(value), bound, message=rule)]):
        return tf.where(tf.abs(value) <= bound, value, tf.constant(float("nan"), value.dtype))
