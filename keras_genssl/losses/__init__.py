"""Losses: pure maths in keras.ops, one value per example."""

from keras_genssl.losses.adversarial import (
    AdversarialLoss,
    FeatureMatchingLoss,
    HingeGANLoss,
    LeastSquaresGANLoss,
    MinimaxGANLoss,
    NonSaturatingGANLoss,
    RelativisticAverageGANLoss,
    RelativisticGANLoss,
    WassersteinGANLoss,
)
from keras_genssl.losses.contrastive import InfoNCELoss
from keras_genssl.losses.likelihoods import BernoulliLikelihood, GaussianLikelihood, Likelihood, standard_normal_kl
from keras_genssl.losses.perceptual import PerceptualLoss
from keras_genssl.losses.sparsity import KLSparsity, L1Sparsity, Sparsity

__all__ = [
    "AdversarialLoss",
    "BernoulliLikelihood",
    "FeatureMatchingLoss",
    "GaussianLikelihood",
    "HingeGANLoss",
    "InfoNCELoss",
    "KLSparsity",
    "L1Sparsity",
    "LeastSquaresGANLoss",
    "Likelihood",
    "MinimaxGANLoss",
    "NonSaturatingGANLoss",
    "PerceptualLoss",
    "RelativisticAverageGANLoss",
    "RelativisticGANLoss",
    "Sparsity",
    "WassersteinGANLoss",
    "standard_normal_kl",
]
