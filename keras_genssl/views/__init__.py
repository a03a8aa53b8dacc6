"""Views: random augmentations of whole batches, as Keras layers that run with the model.

Guide: docs/views.md.
"""

from keras_genssl.views.base import Compose, View
from keras_genssl.views.colour import ColorJitter, RandomGrayscale, Solarize
from keras_genssl.views.geometry import GaussianBlur, RandomFlip, RandomResizedCrop
from keras_genssl.views.presets import byol, moco_v1, moco_v2, simclr

__all__ = [
    "ColorJitter",
    "Compose",
    "GaussianBlur",
    "RandomFlip",
    "RandomGrayscale",
    "RandomResizedCrop",
    "Solarize",
    "View",
    "byol",
    "moco_v1",
    "moco_v2",
    "simclr",
]
