"""Pretext tasks: labels that the images make themselves."""

from keras_genssl.models.pretext.colorization import Colorization
from keras_genssl.models.pretext.degradation_prediction import DegradationPrediction

__all__ = ["Colorization", "DegradationPrediction"]
