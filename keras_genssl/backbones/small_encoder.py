"""The small encoder of contrastive and metric learning on a CPU."""

import functools
from collections.abc import Callable

import keras
from keras import layers

from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import BatchNormalization


def small_encoder(
    input_shape: tuple[int | None, int | None, int] = (28, 28, 1),
    filters: int = 32,
    *,
    synchronized: bool = True,
    normalization: Callable[..., keras.layers.Layer] | None = None,
    name: str = "small_encoder",
) -> keras.Model:
    """Build six 3x3 convolutions with batch normalisation (or another) and ReLU, and the mean over positions.

    Channels are ``filters`` times 1, 1, 2, 2, 4, 4; the resolution halves where they double. Weights start random (He).

    Args:
        input_shape: ``(height, width, channels)``; sizes may be None.
        filters: channels of the first convolution, positive; the features have four times as many.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        normalization: makes a normalisation layer, called with ``name``, where it is not to be the batch's:
            ``keras.layers.LayerNormalization``, over the channels of a position (CPC's second version).
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 features ``(batch, 4 * filters)``.

    Raises:
        ValueError: if ``filters`` is not positive.

    Example:
        >>> small_encoder((28, 28, 1)).output_shape
        (None, 128)
    """
    require_channels_last()
    if filters < 1:
        raise ValueError(f"`filters` must be at least 1. Received: filters={filters}")
    make = normalization or functools.partial(BatchNormalization, momentum=0.9, synchronized=synchronized)
    images = x = keras.Input(input_shape, name="images")
    for number in range(6):
        x = layers.Conv2D(
            filters * 2 ** (number // 2),
            3,
            strides=2 if number in (2, 4) else 1,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"conv{number + 1}",
        )(x)
        x = make(name=f"norm{number + 1}")(x)
        x = layers.ReLU(name=f"relu{number + 1}")(x)
    features = layers.GlobalAveragePooling2D(dtype=keras.config.floatx(), name="features")(x)
    return keras.Model(images, features, name=name)
