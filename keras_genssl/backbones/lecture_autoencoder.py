"""The convolutional autoencoder of the lectures, for images of 28 pixels a side."""

import keras
from keras import layers

from keras_genssl.backbones.autoencoder_shapes import check_code_dim
from keras_genssl.checks.data_format import require_channels_last

SIDE = 28


def lecture_encoder(
    code_dim: int = 8,
    filters: int = 32,
    *,
    channels: int = 1,
    code_activation: str | None = None,
    name: str = "lecture_encoder",
) -> keras.Model:
    """Build the lectures' encoder: five convolutions without padding, 28 -> 24 -> 20 -> 9 -> 4 -> 1 pixels.

    F. Fleuret, "Deep Learning" (EPFL EE-559, autoencoders): 32 filters of 5x5, 32 of 5x5, 32 of 4x4 with
    stride 2, 32 of 3x3 with stride 2, each with ReLU, and 8 of 4x4, linear; 1 x 28 x 28 to a code of 8.

    Args:
        code_dim: units of the code, at least 1; the lecture uses 8; a VAE needs twice its latents.
        filters: channels of each hidden convolution, positive.
        channels: channels of the image, positive.
        code_activation: activation of the code; linear by default. "sigmoid" for `losses.KLSparsity`.
        name: the model's name.

    Returns:
        A model from float ``(batch, 28, 28, channels)`` in [-1, 1] to float32 codes ``(batch, code_dim)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> lecture_encoder().output_shape
        (None, 8)
    """
    require_channels_last()
    _check(code_dim, filters, channels)
    images = x = keras.Input((SIDE, SIDE, channels), name="images")
    for index, (kernel, stride) in enumerate(((5, 1), (5, 1), (4, 2), (3, 2)), start=1):
        x = layers.Conv2D(filters, kernel, stride, activation="relu", name=f"conv{index}")(x)
    x = layers.Conv2D(code_dim, 4, activation=code_activation, dtype=keras.config.floatx(), name="conv5")(x)
    return keras.Model(images, layers.Flatten(dtype=keras.config.floatx(), name="code")(x), name=name)


def lecture_decoder(
    code_dim: int = 8,
    filters: int = 32,
    *,
    channels: int = 1,
    name: str = "lecture_decoder",
) -> keras.Model:
    """Build the lectures' decoder, the mirror image of `lecture_encoder`: transposed convolutions, 1 to 28 pixels.

    The kernels are 4x4, 3x3 with stride 2, 4x4 with stride 2 and 5x5, each with ReLU, and 5x5, linear.

    Args:
        code_dim: units of the code, at least 1.
        filters: channels of each hidden convolution, positive.
        channels: channels of the image, positive.
        name: the model's name.

    Returns:
        A model from float codes ``(batch, code_dim)`` to float32 ``(batch, 28, 28, channels)``, unclipped.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> lecture_decoder().output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    _check(code_dim, filters, channels)
    codes = keras.Input((code_dim,), name="codes")
    x = layers.Reshape((1, 1, code_dim), name="pixel")(codes)
    for index, (kernel, stride) in enumerate(((4, 1), (3, 2), (4, 2), (5, 1)), start=1):
        x = layers.Conv2DTranspose(filters, kernel, stride, activation="relu", name=f"conv{index}")(x)
    x = layers.Conv2DTranspose(channels, 5, dtype=keras.config.floatx(), name="conv5")(x)
    return keras.Model(codes, x, name=name)


def _check(code_dim: int, filters: int, channels: int) -> None:
    check_code_dim(code_dim)
    if filters < 1 or channels < 1:
        raise ValueError(
            f"`filters` and `channels` must be at least 1. Received: filters={filters}, channels={channels}"
        )
