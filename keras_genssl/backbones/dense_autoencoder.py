"""Encoder and decoder of dense layers."""

import math

import keras
from keras import layers

from keras_genssl.backbones.autoencoder_shapes import check_code_dim, check_image_shape, check_units
from keras_genssl.checks.data_format import require_channels_last


def dense_encoder(
    code_dim: int,
    units: tuple[int, ...] = (512, 256),
    *,
    input_shape: tuple[int, int, int] = (28, 28, 1),
    code_activation: str | None = None,
    name: str = "dense_encoder",
) -> keras.Model:
    """Build a dense encoder: flattened pixels, hidden layers with ReLU, a code.

    With ``units=()`` it is linear, and the best linear autoencoder spans the space of PCA.

    Args:
        code_dim: units of the code, at least 1; a VAE needs twice its latents.
        units: units of each hidden layer, positive; may be empty.
        input_shape: ``(height, width, channels)`` of the image.
        code_activation: activation of the code; linear by default. "sigmoid" for `losses.KLSparsity`.
        name: the model's name.

    Returns:
        A model from float ``(batch, height, width, channels)`` in [-1, 1] to float32 ``(batch, code_dim)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> dense_encoder(8).count_params() == 784 * 512 + 512 + 512 * 256 + 256 + 256 * 8 + 8
        True
    """
    require_channels_last()
    check_code_dim(code_dim)
    check_units(units)
    check_image_shape(input_shape, "input_shape")
    images = keras.Input(input_shape, name="images")
    x = layers.Flatten(name="pixels")(images)
    for index, width in enumerate(units, start=1):
        x = layers.Dense(width, activation="relu", name=f"dense{index}")(x)
    codes = layers.Dense(code_dim, activation=code_activation, dtype=keras.config.floatx(), name="code")(x)
    return keras.Model(images, codes, name=name)


def dense_decoder(
    code_dim: int,
    units: tuple[int, ...] = (256, 512),
    *,
    output_shape: tuple[int, int, int] = (28, 28, 1),
    output_activation: str | None = None,
    name: str = "dense_decoder",
) -> keras.Model:
    """Build a dense decoder: a code, hidden layers with ReLU, pixels.

    Args:
        code_dim: units of the code, at least 1.
        units: units of each hidden layer, positive; may be empty.
        output_shape: ``(height, width, channels)`` of the image.
        output_activation: activation of the pixels: None (linear; logits for `losses.BernoulliLikelihood`) or "tanh".
        name: the model's name.

    Returns:
        A model from float ``(batch, code_dim)`` to float32 ``(batch, height, width, channels)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> dense_decoder(8).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    check_code_dim(code_dim)
    check_units(units)
    check_image_shape(output_shape, "output_shape")
    codes = x = keras.Input((code_dim,), name="codes")
    for index, width in enumerate(units, start=1):
        x = layers.Dense(width, activation="relu", name=f"dense{index}")(x)
    x = layers.Dense(math.prod(output_shape), activation=output_activation, dtype=keras.config.floatx(), name="pixels")(
        x
    )
    return keras.Model(codes, layers.Reshape(output_shape, dtype=keras.config.floatx(), name="image")(x), name=name)
