"""Contrastive losses: losses that compare embeddings of views of images; one file per idea."""

from keras_genssl.losses.contrastive.negatives import InfoNCELoss, NTXentLoss, SupConLoss
from keras_genssl.losses.contrastive.without_negatives import BarlowTwinsLoss, NegativeCosineSimilarity, VICRegLoss

__all__ = ["BarlowTwinsLoss", "InfoNCELoss", "NTXentLoss", "NegativeCosineSimilarity", "SupConLoss", "VICRegLoss"]
