"""Metric learning: images to vectors whose distances tell who is who.

Guide: docs/faces.md leads from photographs to names.
"""

from keras_genssl.models.metric_learning.embedding_model import EmbeddingModel
from keras_genssl.models.metric_learning.pair_embedding_model import PairEmbeddingModel
from keras_genssl.models.metric_learning.triplet_embedding_model import TripletEmbeddingModel

__all__ = ["EmbeddingModel", "PairEmbeddingModel", "TripletEmbeddingModel"]
