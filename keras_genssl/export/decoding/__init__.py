"""Image files to Pillow's pixels, as TensorFlow operations that travel inside a SavedModel."""

from keras_genssl.export.decoding.attempt import attempt
from keras_genssl.export.decoding.decode import decoder
from keras_genssl.export.decoding.ids import ids

__all__ = ["attempt", "decoder", "ids"]
