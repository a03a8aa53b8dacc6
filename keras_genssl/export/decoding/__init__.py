"""Decodes image files to Pillow's pixels by TensorFlow operations inside a SavedModel."""

from keras_genssl.export.decoding.attempt import attempt
from keras_genssl.export.decoding.decode import decoder
from keras_genssl.export.decoding.ids import ids

__all__ = ["attempt", "decoder", "ids"]
