"""Convolutional encoder and decoder for codes of any size."""

import keras
from keras import layers

from keras_genssl.backbones.autoencoder_shapes import check_code_dim, halvings
from keras_genssl.checks.data_format import require_channels_last


def convolutional_encoder(
    code_dim: int,
    filters: int = 32,
    units: int = 256,
    *,
    input_shape: tuple[int, int, int] = (28, 28, 1),
    code_activation: str | None = None,
    name: str = "convolutional_encoder",
) -> keras.Model:
    """Build a convolutional encoder: 4x4 convolutions with stride 2 down to at most 7 pixels, then dense layers.

    28 pixels take two convolutions (28 -> 14 -> 7), 32 three (-> 4), 64 four (-> 4); each doubles the channels of the
    previous one. All activations are ReLU. There is no normalisation, so a code never depends on the rest of the batch.

    Args:
        code_dim: units of the code, at least 1; a VAE needs twice its latents.
        filters: channels of the first convolution, positive.
        units: units of the dense layer before the code, positive.
        input_shape: ``(side, side, channels)`` of the image.
        code_activation: activation of the code; linear by default. "sigmoid" for `losses.KLSparsity`.
        name: the model's name.

    Returns:
        A model from float ``(batch, side, side, channels)`` in [-1, 1] to float32 ``(batch, code_dim)``.

    Raises:
        ValueError: if an argument is outside its range, or the side does not halve evenly.

    Example:
        >>> convolutional_encoder(2 * 32, input_shape=(64, 64, 3)).output_shape
        (None, 64)
    """
    require_channels_last()
    check_code_dim(code_dim)
    _check_widths(filters, units)
    stages, _ = halvings(input_shape, "input_shape")
    images = x = keras.Input(input_shape, name="images")
    for stage in range(stages):
        width = filters * 2**stage
        x = layers.Conv2D(width, 4, 2, padding="same", activation="relu", name=f"conv{stage + 1}")(x)
    x = layers.Flatten(name="features")(x)
    x = layers.Dense(units, activation="relu", name="dense")(x)
    codes = layers.Dense(code_dim, activation=code_activation, dtype=keras.config.floatx(), name="code")(x)
    return keras.Model(images, codes, name=name)


def convolutional_decoder(
    code_dim: int,
    filters: int = 32,
    units: int = 256,
    *,
    output_shape: tuple[int, int, int] = (28, 28, 1),
    output_activation: str | None = "tanh",
    name: str = "convolutional_decoder",
) -> keras.Model:
    """Build a convolutional decoder, the mirror image of `convolutional_encoder`.

    The kernels of its transposed convolutions are multiples of their stride, which avoids checkerboard artifacts
    (Odena et al., 2016, https://doi.org/10.23915/distill.00003).

    Args:
        code_dim: units of the code, at least 1.
        filters: channels of the last layer before the image, positive; each earlier stage has twice as many.
        units: units of the dense layer after the code, positive.
        output_shape: ``(side, side, channels)`` of the image.
        output_activation: activation of the pixels: "tanh", which learns a black background fastest, or None (linear;
            logits for `losses.BernoulliLikelihood`).
        name: the model's name.

    Returns:
        A model from float ``(batch, code_dim)`` to float32 ``(batch, side, side, channels)``.

    Raises:
        ValueError: if an argument is outside its range, or the side does not halve evenly.

    Example:
        >>> convolutional_decoder(32, output_shape=(32, 32, 3)).output_shape
        (None, 32, 32, 3)
    """
    require_channels_last()
    check_code_dim(code_dim)
    _check_widths(filters, units)
    stages, core = halvings(output_shape, "output_shape")
    codes = keras.Input((code_dim,), name="codes")
    x = layers.Dense(units, activation="relu", name="dense")(codes)
    width = filters * 2 ** (stages - 1)
    x = layers.Dense(core * core * width, activation="relu", name="features")(x)
    x = layers.Reshape((core, core, width), name="core")(x)
    for stage in range(stages - 1, 0, -1):
        width = filters * 2 ** (stage - 1)
        x = layers.Conv2DTranspose(width, 4, 2, padding="same", activation="relu", name=f"conv{stage + 1}")(x)
    x = layers.Conv2DTranspose(
        output_shape[-1], 4, 2, padding="same", activation=output_activation, dtype=keras.config.floatx(), name="conv1"
    )(x)
    return keras.Model(codes, x, name=name)


def _check_widths(filters: int, units: int) -> None:
    if filters < 1 or units < 1:
        raise ValueError(f"`filters` and `units` must be at least 1. Received: filters={filters}, units={units}")
