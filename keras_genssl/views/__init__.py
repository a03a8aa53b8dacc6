"""Views: random augmentations of whole batches, as Keras layers that run with the model.

Guide: docs/views.md.
"""

from keras_genssl.views.base import View
from keras_genssl.views.color_jitter import ColorJitter
from keras_genssl.views.compose import Compose
from keras_genssl.views.gaussian_blur import GaussianBlur
from keras_genssl.views.presets import byol, moco_v1, moco_v2, simclr
from keras_genssl.views.random_flip import RandomFlip
from keras_genssl.views.random_grayscale import RandomGrayscale
from keras_genssl.views.random_resized_crop import RandomResizedCrop
from keras_genssl.views.solarize import Solarize

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
