"""Schedules: the ones of the learning rate and of momentum that the field needs and Keras lacks."""

from keras_genssl.schedules.constant_then_linear import ConstantThenLinear
from keras_genssl.schedules.cosine_momentum import CosineMomentum

__all__ = ["ConstantThenLinear", "CosineMomentum"]
