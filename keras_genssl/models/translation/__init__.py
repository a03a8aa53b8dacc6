"""Image-to-image translation: one domain in, another out."""

from keras_genssl.models.translation.cyclegan import CycleGAN
from keras_genssl.models.translation.pix2pix import Pix2Pix

__all__ = ["CycleGAN", "Pix2Pix"]
