"""Images, and what lies over one: where something is, and what it is."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.checks.image_arrays import BOUND, RANGE
from keras_genssl.checks.image_tensors import signed
from keras_genssl.kinds.base import Kind, Shape, classes
from keras_genssl.kinds.rules import require


@dataclasses.dataclass(frozen=True)
class Image(Kind):
    """An image: uint8, or float in [-1, 1]; a method is given floats in [-1, 1].

    Under XLA, which drops the check, a float outside becomes NaN.

    Args:
        shape: `(height, width, channels)`, None where any will do.
        required: Whether a batch to train on must hold it.
    """

    shape: Shape

    @property
    def example_shape(self) -> Shape:
        """`(height, width, channels)`."""
        return tuple(self.shape)

    def converted(self, name: str, value: Any) -> Any:
        """Float in [-1, 1]."""
        if value.dtype == tf.uint8:
            return signed(value)
        if not value.dtype.is_floating:
            raise ValueError(
                f"`{name}` must hold images as uint8, or as float in [-1, 1]. Received: a batch of {value.dtype.name}"
            )
        value = keras.ops.cast(value, keras.config.floatx())
        bound = tf.constant(BOUND, value.dtype)
        inside = require(tf.reduce_all(tf.abs(value) <= bound), f"{RANGE}. Received: `{name}` leaves the range")
        with tf.control_dependencies([inside]):
            return tf.where(tf.abs(value) <= bound, value, tf.constant(float("nan"), value.dtype))


@dataclasses.dataclass(frozen=True)
class Mask(Kind):
    """Which pixels something is said of: positive, or True, where it is; a method is given 1 there, elsewhere 0.

    Args:
        size: `(height, width)`, None where any will do. A mask has one channel.
        required: Whether a batch to train on must hold it.
    """

    size: Shape = (None, None)

    @property
    def example_shape(self) -> Shape:
        """`(height, width, 1)`."""
        return (*self.size, 1)

    def converted(self, name: str, value: Any) -> Any:
        """Float, 0 or 1."""
        if value.dtype == tf.string:
            raise ValueError(f"`{name}` must hold numbers or booleans. Received: a batch of {value.dtype.name}")
        return keras.ops.cast(value if value.dtype == tf.bool else value > 0, keras.config.floatx())


@dataclasses.dataclass(frozen=True)
class LabelMap(Kind):
    """A class for each pixel: integers in [0, num_labels) of any dtype; a method is given them as int32.

    Args:
        num_labels: How many classes there are.
        size: `(height, width)`, None where any will do. A label map has one channel.
        required: Whether a batch to train on must hold it.
    """

    num_labels: int
    size: Shape = (None, None)

    @property
    def example_shape(self) -> Shape:
        """`(height, width, 1)`."""
        return (*self.size, 1)

    def converted(self, name: str, value: Any) -> Any:
        """int32, as they are."""
        return classes(name, value, self.num_labels)
