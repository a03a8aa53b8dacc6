"""What every kind of input has in common, and the two checks that several of them share."""

import dataclasses
from collections.abc import Iterable
from typing import Any, ClassVar, TypeAlias

import keras
import tensorflow as tf

from keras_genssl.checks import label_tensors
from keras_genssl.kinds.rules import require, require_all

Shape: TypeAlias = "tuple[int | None, ...]"


@dataclasses.dataclass(frozen=True)
class Kind:
    """What one part of a batch is; a subclass says of what shape, and which values are taken as what.

    Args:
        required: Whether a batch to train on must hold it. The first input of a method is required always.
    """

    required: bool = dataclasses.field(default=True, kw_only=True)

    dtype: ClassVar[tf.DType] = tf.float32
    """Of a tensor of this kind that an exported model takes or gives."""

    @property
    def example_shape(self) -> Shape:
        """The shape of an example, None where any size will do."""
        raise NotImplementedError

    @property
    def element(self) -> "Kind":
        """What one of several is, in a stack; else the kind itself."""
        return self

    @property
    def count(self) -> int | None:
        """How many classes its integers count, from 0 on; None where they are no classes, or any."""
        return None

    @property
    def carried(self) -> tf.TensorSpec:
        """An example as a record holds it, and as it travels by bytes: its numbers, or as a string a file."""
        return tf.TensorSpec(self.example_shape, self.dtype)

    def fitted(self, method: str, name: str, value: Any) -> Any:
        """A dense tensor of known rank, of this shape beside the batch.

        Args:
            method: Who asks, for the messages.
            name: What it is called.
            value: A tensor. A dataset need not tell its shape.

        Raises:
            ValueError: If the tensor is ragged or sparse, or its shape is known to be another.
            RuleError: When run, if the shape is another where it was not known before.
        """
        if isinstance(value, tf.RaggedTensor | tf.SparseTensor):
            raise ValueError(
                f"`{name}` must be a dense tensor for this {method}: give its examples one shape in the dataset's "
                f"`map`. Received: a {type(value).__name__}"
            )
        value, shape = tf.convert_to_tensor(value), self.example_shape
        rule = f"`{name}` must have shape {_spelled(shape)} for this {method}. Received: a batch of"
        if not value.shape.is_compatible_with((None, *shape)):
            raise ValueError(f"{rule} shape {tuple(value.shape)}")
        if value.shape.rank is not None and not any(
            size is not None and told is None for size, told in zip(shape, value.shape[1:], strict=True)
        ):
            return value
        sizes = tf.shape(value)
        expected = tf.constant([-1, *(-1 if size is None else size for size in shape)])
        padded = tf.concat([sizes, -tf.ones_like(expected)], axis=0)[: len(shape) + 1]  # whatever the rank is
        fits = tf.reduce_all((expected < 0) | (padded == expected)) & (tf.size(sizes) == len(shape) + 1)
        with tf.control_dependencies([require(fits, f"{rule} shape", sizes)]):  # `ensure_shape` would not name it
            return tf.ensure_shape(value, (None, *shape))

    def taken(self, method: str, name: str, value: Any) -> Any:
        """What a method is given for a tensor, by `fitted` and `converted`, whose errors it has."""
        return self.converted(name, self.fitted(method, name, value))

    def converted(self, name: str, value: Any) -> Any:
        """What a method is given for a tensor of this shape, if its values are what they may be.

        Args:
            name: What it is called.
            value: A tensor.

        Raises:
            ValueError: If it has another dtype.
            RuleError: When run, if a value is not as it must be. XLA compiles the check away; there it becomes NaN,
                or as an integer -1.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Anything(Kind):
    """What no rule is known of: it passes through as it is, of whatever dtype and shape.

    A method names so what a tuple may hold at this place without being looked at, such as the labels that come beside
    images.
    """


@dataclasses.dataclass(frozen=True)
class Picture(Kind):
    """What lies in a file, as pixels; a subclass says which pixels stand for which values."""

    @property
    def carried(self) -> tf.TensorSpec:
        """A string: an encoded file."""
        return tf.TensorSpec((), tf.string)

    def pixels(self, values: Any) -> Any:
        """Values of any number of examples as they are stored, uint8 or uint16 `(..., height, width, channels)`."""
        raise NotImplementedError

    def values(self, pixels: Any) -> Any:
        """What stored pixels stand for."""
        raise NotImplementedError

    def encoded(self, values: Any) -> Any:
        """Values of any number of examples as PNG files, strings."""
        return tf.io.encode_png(self.pixels(values))


def classes(name: str, value: Any, count: int | None) -> Any:
    """Integers in [0, count) as int32; where count is None any integers, in 64 bits where they have more than 32.

    Raises:
        ValueError: If they are no integers.
        RuleError: When run, if one lies outside. XLA drops this check; it becomes -1 there.
    """
    kind = keras.backend.standardize_dtype(value.dtype)
    if "int" not in kind:
        rule = f"`{name}` must hold integers of shape {_spelled(value.shape[1:])}"
        raise ValueError(f"{rule}. Received: {kind} of shape {tuple(value.shape)}")
    if count is None:  # not all integers can be gathered from all workers
        return keras.ops.cast(value, "int64" if kind in ("int64", "uint32", "uint64") else "int32")
    inside = require_all(label_tensors.inside(value, count), f"`{name}` must lie in [0, {count})", value)
    with tf.control_dependencies([inside]):
        return label_tensors.as_classes(value, count)


def floats(name: str, value: Any) -> Any:
    """Floats that are finite, in the precision of `keras.config.floatx()`.

    Raises:
        ValueError: If they are no floats.
        RuleError: When run, if one is NaN or infinite. XLA drops this check.
    """
    if not value.dtype.is_floating:
        raise ValueError(f"`{name}` must hold floats. Received: a batch of {value.dtype.name}")
    value = keras.ops.cast(value, keras.config.floatx())
    finite = tf.reduce_all(tf.math.is_finite(value))
    with tf.control_dependencies([require(finite, f"`{name}` must be finite. Received: NaN or infinity")]):
        return tf.identity(value)


def _spelled(shape: Iterable[int | None]) -> str:
    """The shape of a batch of examples of this shape, in words."""
    sizes = ["any" if size is None else str(size) for size in shape]
    return f"({', '.join(['batch', *sizes])})" if sizes else "(batch,)"
