"""What a part of a batch may be: how it is checked, converted and refused."""

from keras_genssl.kinds.base import Anything, Kind
from keras_genssl.kinds.images import Image, LabelMap, Mask
from keras_genssl.kinds.numbers import Label, Spectrogram, Tokens, Vector
from keras_genssl.kinds.stack import Stack

__all__ = ["Anything", "Image", "Kind", "Label", "LabelMap", "Mask", "Spectrogram", "Stack", "Tokens", "Vector"]
