"""The small encoder without the mean over positions, and a head for each position."""

import keras
from keras import layers

from keras_genssl.backbones.small_encoder import small_encoder
from keras_genssl.checks.data_format import require_channels_last


def small_feature_map(
    input_shape: tuple[int | None, int | None, int] = (None, None, 1),
    filters: int = 32,
    *,
    synchronized: bool = True,
    name: str = "small_feature_map",
) -> keras.Model:
    """Build the convolutions of `small_encoder`: features of each position, at a stride of 4.

    Args:
        input_shape: ``(height, width, channels)``; sizes may be None.
        filters: channels of the first convolution, positive; the features have four times as many.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` to features ``(batch, h / 4, w / 4, 4 * filters)``, sizes rounded up.

    Raises:
        ValueError: if ``filters`` is not positive.

    Example:
        >>> small_feature_map((64, 64, 1)).output_shape
        (None, 16, 16, 128)
    """
    require_channels_last()
    encoder = small_encoder(input_shape, filters, synchronized=synchronized)
    return keras.Model(encoder.input, encoder.get_layer("relu6").output, name=name)


def position_head(
    feature_channels: int,
    outputs: int,
    filters: int = 64,
    *,
    name: str = "position_head",
) -> keras.Model:
    """Build a head that predicts something for each position: a 3x3 convolution with ReLU, and one of 1x1.

    Args:
        feature_channels: channels of the features it takes, positive.
        outputs: numbers to predict for each position, positive.
        filters: channels between the two, positive.
        name: the model's name.

    Returns:
        A model from features ``(batch, h, w, feature_channels)`` to float32 ``(batch, h, w, outputs)``, linear.

    Raises:
        ValueError: if an argument is not positive.

    Example:
        >>> position_head(128, 309).output_shape
        (None, None, None, 309)
    """
    require_channels_last()
    for argument, value in (("feature_channels", feature_channels), ("outputs", outputs), ("filters", filters)):
        if value < 1:
            raise ValueError(f"`{argument}` must be at least 1. Received: {argument}={value}")
    features = keras.Input((None, None, feature_channels), name="features")
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal", name="conv")(
        features
    )
    x = layers.Conv2D(outputs, 1, dtype=keras.config.floatx(), name="predictions")(x)
    return keras.Model(features, x, name=name)
