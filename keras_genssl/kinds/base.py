"""The base classes of all kinds of inputs, and the two checks that several of them share."""

import dataclasses
from collections.abc import Iterable
from typing import Any, ClassVar, TypeAlias

import keras
import tensorflow as tf

from keras_genssl.checks import tensors
from keras_genssl.kinds.rules import require, require_all

Shape: TypeAlias = "tuple[int | None, ...]"


@dataclasses.dataclass(frozen=True)
class Kind:
    """The kind of one part of a batch; a subclass defines its shape, its allowed values, and their conversion.

    Args:
        required: Whether a training batch must hold it. The first input of a method is always required.
    """

    required: bool = dataclasses.field(default=True, kw_only=True)

    dtype: ClassVar[tf.DType] = tf.float32
    """The dtype of a tensor of this kind as an input or output of an exported model."""

    @property
    def example_shape(self) -> Shape:
        """The shape of an example; None for an axis of any size."""
        raise NotImplementedError

    @property
    def element(self) -> "Kind":
        """The kind of the elements of a stack; for any other kind, the kind itself."""
        return self

    @property
    def count(self) -> int | None:
        """The number of classes, if values are integers in [0, count); otherwise None."""
        return None

    @property
    def least(self) -> int:
        """The smallest integer that a class may be: 0, or -1 if that stands for an example without a label."""
        return 0

    @property
    def carried(self) -> tf.TensorSpec:
        """The form of an example in a record and in byte signatures: its numbers, or an encoded file as a string."""
        return tf.TensorSpec(self.example_shape, self.dtype)

    def fitted(self, method: str, name: str, value: Any) -> Any:
        """Checks the shape of a batch; returns a dense tensor of known rank.

        Args:
            method: The method that takes the batch, for messages.
            name: The name of the input, for messages.
            value: A tensor `(batch, ...)`. A dataset may leave its shape unknown.

        Raises:
            ValueError: If the tensor is ragged or sparse, or its shape is known to be wrong.
            RuleError: When run, if the shape is wrong and was not known before.
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
        padded = tf.concat([sizes, -tf.ones_like(expected)], axis=0)[: len(shape) + 1]  # works for any rank
        fits = tf.reduce_all((expected < 0) | (padded == expected)) & (tf.size(sizes) == len(shape) + 1)
        with tf.control_dependencies(
            [require(fits, f"{rule} shape", sizes)]
        ):  # the error of `ensure_shape` would not name the input
            return tf.ensure_shape(value, (None, *shape))

    def taken(self, method: str, name: str, value: Any) -> Any:
        """Checks and converts a batch: calls `fitted`, then `converted`, and raises their errors."""
        return self.converted(name, self.fitted(method, name, value))

    def converted(self, name: str, value: Any) -> Any:
        """Checks the values of a batch and converts them to the form that a method gets.

        Args:
            name: The name of the input, for messages.
            value: A tensor of the right shape.

        Raises:
            ValueError: If the dtype is wrong.
            RuleError: When run, if a value is not allowed. XLA drops the check; there a float becomes NaN, an integer
                -1.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Anything(Kind):
    """An input without rules: it is passed on unchanged, with any dtype and shape.

    A method uses it for a position of a tuple that it ignores, such as the labels of images.
    """


@dataclasses.dataclass(frozen=True)
class Picture(Kind):
    """Base class of kinds that are stored as image files; a subclass converts between values and pixels."""

    @property
    def carried(self) -> tf.TensorSpec:
        """A string: an encoded file."""
        return tf.TensorSpec((), tf.string)

    def pixels(self, values: Any) -> Any:
        """Converts values to stored pixels, uint8 or uint16 `(..., height, width, channels)`."""
        raise NotImplementedError

    def values(self, pixels: Any) -> Any:
        """Converts stored pixels to values."""
        raise NotImplementedError

    def encoded(self, values: Any) -> Any:
        """Encodes values as PNG files, strings; takes any number of examples."""
        return png(self.pixels(values))


def png(pixels: Any) -> Any:
    """Encodes pixels, uint8 or uint16 `(..., height, width, channels)`, as PNG files, strings.

    In half the time of TensorFlow's own compression, which makes files that are a tenth smaller.
    """
    return tf.io.encode_png(pixels, compression=1)


def classes(name: str, value: Any, count: int | None, least: int = 0) -> Any:
    """Checks integers in [least, count) and returns them as int32.

    If `count` is None, any integers are allowed; int64, uint32 and uint64 are returned as int64.

    Raises:
        ValueError: If they are not integers.
        RuleError: When run, if one lies outside. XLA drops this check; there it becomes `least - 1`.
    """
    kind = keras.backend.standardize_dtype(value.dtype)
    if "int" not in kind:
        rule = f"`{name}` must hold integers of shape {_spelled(value.shape[1:])}"
        raise ValueError(f"{rule}. Received: {kind} of shape {tuple(value.shape)}")
    if count is None:  # only some integer dtypes can be gathered from all workers
        return keras.ops.cast(value, "int64" if kind in ("int64", "uint32", "uint64") else "int32")
    inside = require_all(tensors.inside(value, count, least), f"`{name}` must {told_range(count, least)}", value)
    with tf.control_dependencies([inside]):
        return tensors.as_classes(value, count, least)


def told_range(count: int, least: int) -> str:
    """The rule for integers in [least, count), as text."""
    return f"lie in [0, {count})" + (", or be -1 for an example without a label" if least < 0 else "")


def floats(name: str, value: Any) -> Any:
    """Checks that floats are finite and returns them as `keras.config.floatx()`.

    Raises:
        ValueError: If they are not floats.
        RuleError: When run, if one is NaN or infinite. XLA drops this check.
    """
    if not value.dtype.is_floating:
        raise ValueError(f"`{name}` must hold floats. Received: a batch of {value.dtype.name}")
    value = keras.ops.cast(value, keras.config.floatx())
    finite = tf.reduce_all(tf.math.is_finite(value))
    with tf.control_dependencies([require(finite, f"`{name}` must be finite. Received: NaN or infinity")]):
        return tf.identity(value)


def _spelled(shape: Iterable[int | None]) -> str:
    """The shape of a batch with examples of this shape, as text."""
    sizes = ["any" if size is None else str(size) for size in shape]
    return f"({', '.join(['batch', *sizes])})" if sizes else "(batch,)"
