"""Examples as records: `tf.train.Example`s, in which each feature is a list of numbers or of files."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.kinds.base import Kind, Picture


def serialized(kinds: Mapping[str, Kind], example: Mapping[str, Any]) -> bytes:
    """Serializes one example as a record: numbers unchanged, pictures as PNG files, label maps without loss.

    Args:
        kinds: The kinds, by name.
        example: For each name an array of the kind's example shape, as a batch may hold it; or, for a picture, the
            bytes of its file.

    Returns:
        A serialized `tf.train.Example`.

    Raises:
        ValueError: If an array has another shape or dtype, or values that its kind refuses.

    Example:
        >>> from keras_genssl.kinds import Label
        >>> record = tf.train.Example.FromString(serialized({"label": Label(10)}, {"label": 3}))
        >>> record.features.feature["label"].int64_list.value
        [3]
    """
    features = {name: _feature(name, kind, example[name]) for name, kind in kinds.items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def parsed(kinds: Mapping[str, Kind], record: Any) -> dict[str, Any]:
    """Parses a record: returns for each name a tensor of the form of the kind's `carried`.

    Args:
        kinds: The kinds, by name, for all of which `fit_records` is True.
        record: A serialized `tf.train.Example`, a string scalar.
    """
    values = tf.io.parse_single_example(record, {name: _reading(kind.carried) for name, kind in kinds.items()})
    return {name: _shaped(values[name], kind.carried) for name, kind in kinds.items()}


def fit_records(kind: Kind) -> bool:
    """Whether the shape of an example can be restored from a list of numbers: at most one size is unknown."""
    return tuple(kind.carried.shape).count(None) <= 1


def told(name: str, kind: Kind) -> str:
    """A description of what a record must hold."""
    spec = kind.carried
    noun = "string" if spec.dtype == tf.string else "integer" if spec.dtype.is_integer else "float"
    number = math.prod(spec.shape) if spec.shape.is_fully_defined() else None
    amount = f"one {noun}" if number == 1 else f"{number or 'any number of'} {noun}s"
    return f"{amount} as its feature {name!r}"


def _reading(spec: tf.TensorSpec) -> Any:
    if spec.shape.is_fully_defined():
        return tf.io.FixedLenFeature(spec.shape, spec.dtype)
    return tf.io.FixedLenSequenceFeature((), spec.dtype, allow_missing=True)


def _shaped(values: tf.Tensor, spec: tf.TensorSpec) -> tf.Tensor:
    if spec.shape.is_fully_defined() or spec.shape.rank == 1:
        return values
    return tf.reshape(values, [-1 if size is None else size for size in spec.shape])


def _feature(name: str, kind: Kind, value: Any) -> tf.train.Feature:
    if isinstance(kind.element, Picture):
        files = value if isinstance(value, bytes | list) else _files(name, kind, value)
        files = files if isinstance(files, list) else [files]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=files))
    numbers = np.asarray(_one("a record", name, kind, value)).ravel().tolist()
    if kind.element.dtype.is_integer:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=numbers))
    return tf.train.Feature(float_list=tf.train.FloatList(value=numbers))


def _files(name: str, kind: Kind, value: Any) -> Any:
    assert isinstance(kind.element, Picture)
    return tf.reshape(kind.element.encoded(_one("a record", name, kind, value)), (-1,)).numpy().tolist()


def _one(reader: str, name: str, kind: Kind, value: Any) -> Any:
    return kind.taken(reader, name, tf.convert_to_tensor(value)[tf.newaxis])[0]
