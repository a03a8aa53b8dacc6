"""Kinds of inputs that are not images: classes, texts, sounds and vectors."""

import dataclasses
from typing import Any, ClassVar

import tensorflow as tf

from keras_genssl.kinds.base import Kind, Shape, classes, floats


@dataclasses.dataclass(frozen=True)
class Label(Kind):
    """The class of an example, an integer in [0, num_classes); a method gets int32.

    Args:
        num_classes: The number of classes; None: any integer is a class, and int64 is kept.
        unlabelled: Whether -1 is allowed too, for an example without a label. Methods that learn from few labels say
            so; all others refuse -1.
        required: Whether a training batch must hold it.

    Raises:
        ValueError: If examples may be unlabelled and the number of classes is not given.
    """

    num_classes: int | None = None
    unlabelled: bool = dataclasses.field(default=False, kw_only=True)

    dtype: ClassVar[tf.DType] = tf.int64

    def __post_init__(self) -> None:
        if self.unlabelled and self.num_classes is None:
            raise ValueError(
                "`num_classes` must be given if examples may be unlabelled: otherwise -1 is a class like any other. "
                "Received: num_classes=None"
            )

    @property
    def count(self) -> int | None:
        """The number of classes."""
        return self.num_classes

    @property
    def least(self) -> int:
        """-1 if examples may be unlabelled, otherwise 0."""
        return -1 if self.unlabelled else 0

    @property
    def example_shape(self) -> Shape:
        """`()`."""
        return ()

    def converted(self, name: str, value: Any) -> Any:
        """Checks the classes and returns them as int32, or as int64 if any integer is a class."""
        return classes(name, value, self.num_classes, self.least)


@dataclasses.dataclass(frozen=True)
class Tokens(Kind):
    """The tokens of a text, integers in [0, vocabulary); a method gets int32.

    Args:
        vocabulary: The number of different tokens.
        length: The number of tokens of an example; None: any number.
        required: Whether a training batch must hold it.
    """

    vocabulary: int
    length: int | None = None

    dtype: ClassVar[tf.DType] = tf.int64

    @property
    def count(self) -> int:
        """The number of different tokens."""
        return self.vocabulary

    @property
    def example_shape(self) -> Shape:
        """`(length,)`."""
        return (self.length,)

    def converted(self, name: str, value: Any) -> Any:
        """Checks the tokens and returns them as int32."""
        return classes(name, value, self.vocabulary)


@dataclasses.dataclass(frozen=True)
class Vector(Kind):
    """A vector, such as features, latents or points: any finite floats.

    Args:
        dim: The length of the vector; None: any length.
        required: Whether a training batch must hold it.
    """

    dim: int | None = None

    @property
    def example_shape(self) -> Shape:
        """`(dim,)`."""
        return (self.dim,)

    def converted(self, name: str, value: Any) -> Any:
        """Checks that the values are finite and returns them as floats."""
        return floats(name, value)


@dataclasses.dataclass(frozen=True)
class Spectrogram(Kind):
    """The loudness of a sound by frequency and time: any finite floats; decibels or logarithms are not converted.

    Args:
        bands: The number of frequency bands; None: any number.
        frames: The number of time frames; None: any number. A spectrogram has one channel.
        required: Whether a training batch must hold it.
    """

    bands: int | None = None
    frames: int | None = None

    @property
    def example_shape(self) -> Shape:
        """`(bands, frames, 1)`."""
        return (self.bands, self.frames, 1)

    def converted(self, name: str, value: Any) -> Any:
        """Checks that the values are finite and returns them as floats."""
        return floats(name, value)
