"""Schedules of the learning rate that the field needs and Keras lacks."""

from keras_genssl.schedules.constant_then_linear import ConstantThenLinear

__all__ = ["ConstantThenLinear"]
