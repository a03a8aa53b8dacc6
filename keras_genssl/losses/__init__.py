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
from keras_genssl.losses.contrastive import (
    BarlowTwinsLoss,
    NegativeCosineSimilarity,
    NTXentLoss,
    SupConLoss,
    VICRegLoss,
)
from keras_genssl.losses.likelihoods import BernoulliLikelihood, GaussianLikelihood, Likelihood, standard_normal_kl
from keras_genssl.losses.perceptual import PerceptualLoss
from keras_genssl.losses.sparsity import KLSparsity, L1Sparsity, Sparsity

__all__ = [
    "AdversarialLoss",
    "BarlowTwinsLoss",
    "BernoulliLikelihood",
    "FeatureMatchingLoss",
    "GaussianLikelihood",
    "HingeGANLoss",
    "KLSparsity",
    "L1Sparsity",
    "LeastSquaresGANLoss",
    "Likelihood",
    "MinimaxGANLoss",
    "NTXentLoss",
    "NegativeCosineSimilarity",
    "NonSaturatingGANLoss",
    "PerceptualLoss",
    "RelativisticAverageGANLoss",
    "RelativisticGANLoss",
    "Sparsity",
    "SupConLoss",
    "VICRegLoss",
    "WassersteinGANLoss",
    "standard_normal_kl",
]
