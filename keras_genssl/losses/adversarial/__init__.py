"""Adversarial losses: the losses of discriminators and generators, on logits (high means real); one file per idea.

Guide: docs/generative.md. Vanishing gradients, minimax against non-saturating: `benchmarks/vanishing_gradients.py`.
"""

from keras_genssl.losses.adversarial.base import AdversarialLoss
from keras_genssl.losses.adversarial.feature_matching import FeatureMatchingLoss
from keras_genssl.losses.adversarial.hinge import HingeGANLoss
from keras_genssl.losses.adversarial.least_squares import LeastSquaresGANLoss
from keras_genssl.losses.adversarial.minimax import MinimaxGANLoss
from keras_genssl.losses.adversarial.non_saturating import NonSaturatingGANLoss
from keras_genssl.losses.adversarial.relativistic import RelativisticAverageGANLoss, RelativisticGANLoss
from keras_genssl.losses.adversarial.wasserstein import WassersteinGANLoss

__all__ = [
    "AdversarialLoss",
    "FeatureMatchingLoss",
    "HingeGANLoss",
    "LeastSquaresGANLoss",
    "MinimaxGANLoss",
    "NonSaturatingGANLoss",
    "RelativisticAverageGANLoss",
    "RelativisticGANLoss",
    "WassersteinGANLoss",
]
