"""Pretext tasks: labels that the images make themselves."""

from keras_genssl.models.pretext.degradation_prediction import DegradationPrediction
from keras_genssl.models.pretext.jigsaw import Jigsaw

__all__ = ["DegradationPrediction", "Jigsaw"]
