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
from keras_genssl.losses.metric_learning.base import DistanceLoss, EmbeddingLoss, paired_distances, pairwise_distances
from keras_genssl.losses.metric_learning.npairs import NPairsLoss
from keras_genssl.losses.metric_learning.pairs import (
    ContrastiveBatchAllLoss,
    ContrastiveLoss,
    LiftedStructLoss,
    MultiSimilarityLoss,
)
from keras_genssl.losses.metric_learning.proxies import ArcFaceLoss, ProxyAnchorLoss, SoftmaxLoss
from keras_genssl.losses.metric_learning.triplets import TripletBatchAllLoss, TripletHardLoss, TripletSemiHardLoss

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
