"""What layers of images share."""

from typing import Any

import keras

from keras_genssl.checks.data_format import require_channels_last


class ImageLayer(keras.layers.Layer):
    """A layer that knows which axis holds channels; not a layer itself.

    Args:
        **kwargs: those of `keras.layers.Layer`.

    Raises:
        ValueError: if Keras' own layers are set to another order of axes.
    """

    def __init__(self, **kwargs: Any) -> None:
        require_channels_last()
        super().__init__(**kwargs)
