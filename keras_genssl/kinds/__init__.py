"""The kinds of inputs: how each is checked and converted, stored in a record, and passed to an exported model."""

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
