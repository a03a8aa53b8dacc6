"""ESPCN's network."""

import keras
from keras import layers

from keras_genssl.backbones.upsampling import check_scale
from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import PixelShuffle


def espcn(
    scale: int,
    filters: tuple[int, int] = (64, 32),
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    name: str = "espcn",
) -> keras.Model:
    """Build ESPCN: two tanh convolutions on the small image and a sub-pixel convolution.

    Shi et al., 2016, with all colour channels at once.

    Reference:
        - Shi et al. 2016, [Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
          Neural Network](https://arxiv.org/abs/1609.05158)

    Args:
        scale: enlargement, 2, 3 or 4.
        filters: channels of the two hidden convolutions (kernels 5 and 3).
        input_shape: ``(height, width, channels)`` of the small image; sizes may be None.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 ``(batch, scale h, scale w, c)``.

    Raises:
        ValueError: if ``scale`` is not 2, 3 or 4, or if ``filters`` does not have two entries.

    Example:
        >>> espcn(3).output_shape
        (None, None, None, 3)
    """
    require_channels_last()
    check_scale(scale)
    if len(filters) != 2:
        raise ValueError(f"`filters` must have two entries. Received: filters={filters}")
    channels = input_shape[-1]
    images = keras.Input(input_shape, name="images")
    x = layers.Conv2D(filters[0], 5, padding="same", activation="tanh", name="conv1")(images)
    x = layers.Conv2D(filters[1], 3, padding="same", activation="tanh", name="conv2")(x)
    x = layers.Conv2D(channels * scale**2, 3, padding="same", dtype=keras.config.floatx(), name="conv3")(x)
    x = PixelShuffle(scale, dtype=keras.config.floatx(), name="shuffle")(x)
    return keras.Model(images, x, name=name)
