"""Images, masks and label maps."""

import dataclasses
from typing import Any, ClassVar

import keras
import tensorflow as tf

from keras_genssl.checks.arrays import BOUND, RANGE
from keras_genssl.checks.tensors import nearest_levels, signed
from keras_genssl.kinds.base import Picture, Shape, classes
from keras_genssl.kinds.rules import require


@dataclasses.dataclass(frozen=True)
class Image(Picture):
    """An image: uint8, or float in [-1, 1]; a method gets floats in [-1, 1].

    XLA drops the check of the range; there a float outside becomes NaN.

    Args:
        shape: `(height, width, channels)`; None for any size.
        required: Whether a training batch must hold it.
    """

    shape: Shape

    @property
    def example_shape(self) -> Shape:
        """`(height, width, channels)`."""
        return tuple(self.shape)

    def converted(self, name: str, value: Any) -> Any:
        """Converts images to float in [-1, 1]."""
        if value.dtype == tf.uint8:
            return self.values(value)
        if not value.dtype.is_floating:
            raise ValueError(
                f"`{name}` must hold images as uint8, or as float in [-1, 1]. Received: a batch of {value.dtype.name}"
            )
        value = keras.ops.cast(value, keras.config.floatx())
        bound = tf.constant(BOUND, value.dtype)
        inside = require(tf.reduce_all(tf.abs(value) <= bound), f"{RANGE}. Received: `{name}` leaves the range")
        with tf.control_dependencies([inside]):
            return tf.where(tf.abs(value) <= bound, value, tf.constant(float("nan"), value.dtype))

    def values(self, pixels: Any) -> Any:
        """`x / 127.5 - 1`."""
        return signed(pixels)

    def pixels(self, values: Any) -> Any:
        """`(x + 1) * 127.5`, clipped to [0, 255], rounded half to even as NumPy does."""
        return nearest_levels(values)


@dataclasses.dataclass(frozen=True)
class Mask(Picture):
    """A mask of pixels: positive or True for pixels inside; a method gets 1 there and 0 elsewhere.

    Args:
        size: `(height, width)`; None for any size. A mask has one channel.
        required: Whether a training batch must hold it.
    """

    size: Shape = (None, None)

    @property
    def example_shape(self) -> Shape:
        """`(height, width, 1)`."""
        return (*self.size, 1)

    def converted(self, name: str, value: Any) -> Any:
        """Converts masks to floats, 0 or 1."""
        if value.dtype == tf.string:
            raise ValueError(f"`{name}` must hold numbers or booleans. Received: a batch of {value.dtype.name}")
        return keras.ops.cast(value if value.dtype == tf.bool else value > 0, keras.config.floatx())

    def values(self, pixels: Any) -> Any:
        """1 for pixels that are not black, 0 for black ones."""
        return keras.ops.cast(pixels > 0, keras.config.floatx())

    def pixels(self, values: Any) -> Any:
        """White for positive values, and black elsewhere."""
        return tf.where(values > 0, tf.constant(255, tf.uint8), tf.constant(0, tf.uint8))


@dataclasses.dataclass(frozen=True)
class LabelMap(Picture):
    """A class for each pixel: integers in [0, num_labels) of any dtype; a method gets int32.

    Args:
        num_labels: The number of classes.
        size: `(height, width)`; None for any size. A label map has one channel.
        required: Whether a training batch must hold it.

    Raises:
        ValueError: If there are more classes than a PNG of 16 bits can store.
    """

    num_labels: int
    size: Shape = (None, None)

    dtype: ClassVar[tf.DType] = tf.int32

    def __post_init__(self) -> None:
        if not 1 <= self.num_labels <= 2**16:
            raise ValueError(f"`num_labels` must lie in [1, {2**16}]. Received: num_labels={self.num_labels}")

    @property
    def count(self) -> int:
        """The number of classes."""
        return self.num_labels

    @property
    def example_shape(self) -> Shape:
        """`(height, width, 1)`."""
        return (*self.size, 1)

    def converted(self, name: str, value: Any) -> Any:
        """Checks the classes and returns them as int32."""
        return classes(name, value, self.num_labels)

    def values(self, pixels: Any) -> Any:
        """The grey levels as int32 classes."""
        return tf.cast(pixels, tf.int32)

    def pixels(self, values: Any) -> Any:
        """The classes as grey levels, of 16 bits if there are more than 256 classes."""
        return tf.cast(values, tf.uint8 if self.num_labels <= 2**8 else tf.uint16)
