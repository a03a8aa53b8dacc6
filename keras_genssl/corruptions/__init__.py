"""Corruptions: damage that a denoising autoencoder learns to undo, in batches, equal on any number of replicas."""

from keras_genssl.corruptions.base import Corruption
from keras_genssl.corruptions.gaussian_noise import GaussianNoise
from keras_genssl.corruptions.masking_noise import MaskingNoise
from keras_genssl.corruptions.salt_and_pepper_noise import SaltAndPepperNoise

__all__ = ["Corruption", "GaussianNoise", "MaskingNoise", "SaltAndPepperNoise"]
