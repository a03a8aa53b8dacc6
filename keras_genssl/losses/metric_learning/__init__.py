"""Losses of metric learning: losses on labelled embeddings and on pairs; one file per paper.

Guide: docs/faces.md. They also work in the `compile` of any Keras model; for users of TensorFlow Addons:
docs/migrating_from_tfa.md.
"""

from keras_genssl.losses.metric_learning.addons import (
    NpairsLoss,
    NpairsMultilabelLoss,
    angular_distance,
    contrastive_loss,
    lifted_struct_loss,
    npairs_loss,
    npairs_multilabel_loss,
    pairwise_distance,
    triplet_hard_loss,
    triplet_semihard_loss,
)
from keras_genssl.losses.metric_learning.arcface import ArcFaceLoss
from keras_genssl.losses.metric_learning.base import DistanceLoss, EmbeddingLoss
from keras_genssl.losses.metric_learning.contrastive import ContrastiveBatchAllLoss, ContrastiveLoss
from keras_genssl.losses.metric_learning.distances import paired_distances, pairwise_distances
from keras_genssl.losses.metric_learning.lifted_struct import LiftedStructLoss
from keras_genssl.losses.metric_learning.multi_similarity import MultiSimilarityLoss
from keras_genssl.losses.metric_learning.npairs import NPairsLoss
from keras_genssl.losses.metric_learning.proxy_anchor import ProxyAnchorLoss
from keras_genssl.losses.metric_learning.softmax import SoftmaxLoss
from keras_genssl.losses.metric_learning.triplet_batch_all import TripletBatchAllLoss
from keras_genssl.losses.metric_learning.triplet_hard import TripletHardLoss
from keras_genssl.losses.metric_learning.triplet_semi_hard import TripletSemiHardLoss

__all__ = [
    "ArcFaceLoss",
    "ContrastiveBatchAllLoss",
    "ContrastiveLoss",
    "DistanceLoss",
    "EmbeddingLoss",
    "LiftedStructLoss",
    "MultiSimilarityLoss",
    "NPairsLoss",
    "NpairsLoss",
    "NpairsMultilabelLoss",
    "ProxyAnchorLoss",
    "SoftmaxLoss",
    "TripletBatchAllLoss",
    "TripletHardLoss",
    "TripletSemiHardLoss",
    "angular_distance",
    "contrastive_loss",
    "lifted_struct_loss",
    "npairs_loss",
    "npairs_multilabel_loss",
    "paired_distances",
    "pairwise_distance",
    "pairwise_distances",
    "triplet_hard_loss",
    "triplet_semihard_loss",
]
