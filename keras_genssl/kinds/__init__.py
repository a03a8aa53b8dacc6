"""What a part of a batch may be: how it is checked, converted and refused, how it lies in a record and travels."""

from keras_genssl.kinds.base import Anything, Kind
from keras_genssl.kinds.images import Image, LabelMap, Mask
from keras_genssl.kinds.numbers import Label, Spectrogram, Tokens, Vector
from keras_genssl.kinds.serving import Serving
from keras_genssl.kinds.stack import Stack

__all__ = [
    "Anything",
    "Image",
    "Kind",
    "Label",
    "LabelMap",
    "Mask",
    "Serving",
    "Spectrogram",
    "Stack",
    "Tokens",
    "Vector",
]
