"""Penalties on the gradients of discriminators, as objects that a GAN is given, and weight clipping."""

from keras_genssl.regularizers.base import GradientRegularizer
from keras_genssl.regularizers.clipping import ClipWeights, clip_weights
from keras_genssl.regularizers.dragan import DRAGANPenalty
from keras_genssl.regularizers.gradient_penalty import GradientPenalty
from keras_genssl.regularizers.r1 import R1Penalty

__all__ = ["ClipWeights", "DRAGANPenalty", "GradientPenalty", "GradientRegularizer", "R1Penalty", "clip_weights"]
