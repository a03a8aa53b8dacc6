"""Pretext tasks: labels that the images make themselves."""

from keras_genssl.models.pretext.degradation_prediction import DegradationPrediction
from keras_genssl.models.pretext.rotation import Rotation

__all__ = ["DegradationPrediction", "Rotation"]
