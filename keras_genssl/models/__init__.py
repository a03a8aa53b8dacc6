"""The methods, one file each, by family; all public names stand here."""

from keras_genssl.models.autoencoders import (
    VAE,
    Autoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    RedundantAutoencoder,
    SparseAutoencoder,
)
from keras_genssl.models.contrastive import BYOL, BarlowTwins, InstanceDiscrimination, MoCo, SimCLR, SimSiam, VICReg
from keras_genssl.models.gans import ACGAN, DCGAN, GAN, SNGAN, WGANGP, ConditionalGAN
from keras_genssl.models.metric_learning import EmbeddingModel, PairEmbeddingModel, TripletEmbeddingModel
from keras_genssl.models.pretext import (
    CPC,
    AdversarialContextEncoder,
    Colorization,
    ColorizationRegression,
    ContextEncoder,
    DegradationPrediction,
    Jigsaw,
    RelativePosition,
    Rotation,
    ShuffleAndLearn,
    SplitBrainAutoencoder,
    SplitBrainRegression,
)
from keras_genssl.models.super_resolution import EDSR, ESPCN, SRCNN, SRGAN, SRResNet
from keras_genssl.models.translation import CycleGAN, Pix2Pix

__all__ = [
    "ACGAN",
    "BYOL",
    "CPC",
    "DCGAN",
    "EDSR",
    "ESPCN",
    "GAN",
    "SNGAN",
    "SRCNN",
    "SRGAN",
    "VAE",
    "WGANGP",
    "AdversarialContextEncoder",
    "Autoencoder",
    "BarlowTwins",
    "Colorization",
    "ColorizationRegression",
    "ConditionalGAN",
    "ContextEncoder",
    "ContractiveAutoencoder",
    "CycleGAN",
    "DegradationPrediction",
    "DenoisingAutoencoder",
    "EmbeddingModel",
    "InstanceDiscrimination",
    "Jigsaw",
    "MoCo",
    "PairEmbeddingModel",
    "Pix2Pix",
    "RedundantAutoencoder",
    "RelativePosition",
    "Rotation",
    "SRResNet",
    "ShuffleAndLearn",
    "SimCLR",
    "SimSiam",
    "SparseAutoencoder",
    "SplitBrainAutoencoder",
    "SplitBrainRegression",
    "TripletEmbeddingModel",
    "VICReg",
]
