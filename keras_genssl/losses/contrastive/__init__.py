"""Contrastive losses: losses that compare embeddings of views of images; one file per idea."""

from keras_genssl.losses.contrastive.barlow_twins import BarlowTwinsLoss
from keras_genssl.losses.contrastive.info_nce import InfoNCELoss
from keras_genssl.losses.contrastive.negative_cosine import NegativeCosineSimilarity
from keras_genssl.losses.contrastive.nt_xent import NTXentLoss
from keras_genssl.losses.contrastive.sup_con import SupConLoss
from keras_genssl.losses.contrastive.vicreg import VICRegLoss

__all__ = ["BarlowTwinsLoss", "InfoNCELoss", "NTXentLoss", "NegativeCosineSimilarity", "SupConLoss", "VICRegLoss"]
