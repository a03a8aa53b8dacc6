"""Pixels to floats and back, and to PNG, as TensorFlow operations that travel inside a SavedModel."""

import tensorflow as tf


def to_float(image: tf.Tensor) -> tf.Tensor:
    """uint8 as float32 in [-1, 1]: `x / 127.5 - 1`, what `engine.Method` does with a batch."""
    return tf.cast(image, tf.float32) / 127.5 - 1.0


def to_uint8(image: tf.Tensor) -> tf.Tensor:
    """[-1, 1] as uint8: `(x + 1) * 127.5`, clipped to [0, 255], rounded half to even as NumPy does."""
    return tf.cast(tf.round(tf.clip_by_value((image + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)


def encode(images: tf.Tensor) -> tf.Tensor:
    """Floats `(batch, height, width, 1 | 3 | 4)` in [-1, 1] as `(batch,)` PNG files."""
    return tf.io.encode_png(to_uint8(images))
