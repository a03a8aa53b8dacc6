"""Pretext tasks: labels that the images make themselves."""

from keras_genssl.models.pretext.cpc import CPC
from keras_genssl.models.pretext.degradation_prediction import DegradationPrediction
from keras_genssl.models.pretext.jigsaw import Jigsaw
from keras_genssl.models.pretext.relative_position import RelativePosition

__all__ = ["CPC", "DegradationPrediction", "Jigsaw", "RelativePosition"]
