"""Image-to-image translation: one domain in, another out.

Guide: docs/translation.md. `benchmarks/unpaired_translation.py` measures `CycleGAN` on photographs and prints.
"""

from keras_genssl.models.translation.cyclegan import CycleGAN
from keras_genssl.models.translation.pix2pix import Pix2Pix

__all__ = ["CycleGAN", "Pix2Pix"]
