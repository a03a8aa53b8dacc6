"""Optimizers: the ones that the field needs and Keras lacks."""

from keras_genssl.optimizers.lars import LARS

__all__ = ["LARS"]
