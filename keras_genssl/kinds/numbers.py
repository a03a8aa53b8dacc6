"""What is no image: classes, texts, sounds and vectors."""

import dataclasses
from typing import Any, ClassVar

import tensorflow as tf

from keras_genssl.kinds.base import Kind, Shape, classes, floats


@dataclasses.dataclass(frozen=True)
class Label(Kind):
    """The class of an example, an integer in [0, num_classes); a method is given int32.

    Args:
        num_classes: How many classes there are; None: any integer is a class, and int64 stays.
        required: Whether a batch to train on must hold it.
    """

    num_classes: int | None = None

    dtype: ClassVar[tf.DType] = tf.int64

    @property
    def count(self) -> int | None:
        """How many classes there are."""
        return self.num_classes

    @property
    def example_shape(self) -> Shape:
        """`()`."""
        return ()

    def converted(self, name: str, value: Any) -> Any:
        """int32, or int64 where any integer is a class."""
        return classes(name, value, self.num_classes)


@dataclasses.dataclass(frozen=True)
class Tokens(Kind):
    """The words or codes of a text, integers in [0, vocabulary); a method is given int32.

    Args:
        vocabulary: How many different ones there are.
        length: How many an example has; None: any number.
        required: Whether a batch to train on must hold it.
    """

    vocabulary: int
    length: int | None = None

    dtype: ClassVar[tf.DType] = tf.int64

    @property
    def count(self) -> int:
        """How many different ones there are."""
        return self.vocabulary

    @property
    def example_shape(self) -> Shape:
        """`(length,)`."""
        return (self.length,)

    def converted(self, name: str, value: Any) -> Any:
        """int32."""
        return classes(name, value, self.vocabulary)


@dataclasses.dataclass(frozen=True)
class Vector(Kind):
    """Numbers that are no image, such as features, latents or points: any finite floats.

    Args:
        dim: How many there are; None: any number.
        required: Whether a batch to train on must hold it.
    """

    dim: int | None = None

    @property
    def example_shape(self) -> Shape:
        """`(dim,)`."""
        return (self.dim,)

    def converted(self, name: str, value: Any) -> Any:
        """Float."""
        return floats(name, value)


@dataclasses.dataclass(frozen=True)
class Spectrogram(Kind):
    """The loudness of a sound by pitch and time: any finite floats, decibels or logarithms as they are.

    Args:
        bands: How many pitches there are; None: any number.
        frames: How many moments; None: any number. A spectrogram has one channel.
        required: Whether a batch to train on must hold it.
    """

    bands: int | None = None
    frames: int | None = None

    @property
    def example_shape(self) -> Shape:
        """`(bands, frames, 1)`."""
        return (self.bands, self.frames, 1)

    def converted(self, name: str, value: Any) -> Any:
        """Float."""
        return floats(name, value)
