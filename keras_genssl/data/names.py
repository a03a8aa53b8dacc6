"""The spelling of names, for those who read folders."""

from keras_genssl.pretext.names import canonical

__all__ = ["canonical"]
