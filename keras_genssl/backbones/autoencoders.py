"""Encoders and decoders: dense ones, those of the lectures, and convolutional ones."""

import math

import keras
from keras import layers

from keras_genssl.checks.tensors import require_channels_last

LARGEST_CORE = 7


def check_code_dim(code_dim: int) -> None:
    """Raise ValueError unless there is at least one code unit."""
    if not isinstance(code_dim, int) or code_dim < 1:
        raise ValueError(f"`code_dim` must be an integer of at least 1. Received: code_dim={code_dim!r}")


def check_units(units: tuple[int, ...]) -> None:
    """Raise ValueError unless all hidden layers have units."""
    if any(width < 1 for width in units):
        raise ValueError(f"`units` must hold positive numbers. Received: units={units}")


def check_image_shape(shape: tuple[int, int, int], argument: str) -> None:
    """Raise ValueError unless ``shape`` is a fixed ``(height, width, channels)``."""
    if len(shape) != 3 or any(not isinstance(size, int) or size < 1 for size in shape):
        raise ValueError(
            f"`{argument}` must be (height, width, channels), all fixed: a code has one size. "
            f"Received: {argument}={tuple(shape)}"
        )


def halvings(shape: tuple[int, int, int], argument: str) -> tuple[int, int]:
    """Returns how often a square image is halved, and the remaining side.

    The image is halved until at most 7 pixels are left: 28 to 7 in two stages, 32 to 4 in three, 64 to 4 in four.

    Raises:
        ValueError: if the image is not square or a side to halve is odd.
    """
    check_image_shape(shape, argument)
    side, stages = shape[0], 0
    while side > LARGEST_CORE and side % 2 == 0:
        side //= 2
        stages += 1
    if shape[0] != shape[1] or side > LARGEST_CORE or not stages:
        raise ValueError(
            f"`{argument}` must be square with a side that halves evenly to at most {LARGEST_CORE}, such as 28, 32 or "
            f"64. Received: {argument}={tuple(shape)}"
        )
    return stages, side


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
