"""The base class of layers of images."""

from typing import Any

import keras

from keras_genssl.checks.data_format import require_channels_last


class ImageLayer(keras.layers.Layer):
    """Base class of layers whose channels are the last axis.

    Args:
        **kwargs: those of `keras.layers.Layer`.

    Raises:
        ValueError: if Keras' own layers are set to another order of axes.
    """

    def __init__(self, **kwargs: Any) -> None:
        require_channels_last()
        super().__init__(**kwargs)
