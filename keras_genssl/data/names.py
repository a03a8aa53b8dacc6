"""The canonical spelling of names, for readers of folders."""

from keras_genssl.pretext.names import canonical

__all__ = ["canonical"]
