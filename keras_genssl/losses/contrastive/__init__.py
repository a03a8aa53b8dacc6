"""Losses of embeddings that are compared with one another, without labels."""

from keras_genssl.losses.contrastive.info_nce import InfoNCELoss

__all__ = ["InfoNCELoss"]
