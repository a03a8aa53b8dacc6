"""Penalties: penalties on the gradient of a discriminator, as an argument of a GAN, and weight clipping.

Guide: docs/generative.md. Their effect on mode collapse: `benchmarks/mode_collapse.py`.
"""

from keras_genssl.penalties.base import DiscriminatorPenalty
from keras_genssl.penalties.clipping import ClipWeights, clip_weights
from keras_genssl.penalties.dragan import DRAGANPenalty
from keras_genssl.penalties.gradient_penalty import GradientPenalty
from keras_genssl.penalties.r1 import R1Penalty

__all__ = ["ClipWeights", "DRAGANPenalty", "DiscriminatorPenalty", "GradientPenalty", "R1Penalty", "clip_weights"]
