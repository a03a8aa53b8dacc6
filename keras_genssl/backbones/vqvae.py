"""The networks of VQ-VAE and VQ-VAE-2: convolutions that keep a map where other encoders make a vector."""

import keras
from keras import layers

from keras_genssl.backbones.autoencoders import check_image_shape
from keras_genssl.backbones.sizes import check_widths
from keras_genssl.checks.tensors import require_channels_last


def vqvae_encoder(
    dim: int = 64,
    filters: int = 128,
    *,
    halvings: int = 2,
    residual_filters: int = 32,
    residual_blocks: int = 2,
    input_shape: tuple[int, int, int] = (28, 28, 1),
    name: str = "vqvae_encoder",
) -> keras.Model:
    """Build VQ-VAE's encoder: 4x4 convolutions with stride 2, a 3x3 one, residual blocks, and 1x1 to the vectors.

    The first of several strided convolutions has half the filters (van den Oord et al., 2017, as in the authors' code).

    Args:
        dim: length of each vector of the map, positive.
        filters: channels inside, a positive even number.
        halvings: how often each side is halved, at least 1.
        residual_filters: channels of the 3x3 convolution of a residual block, positive.
        residual_blocks: number of residual blocks, at least 0.
        input_shape: ``(height, width, channels)``; its sides must halve evenly.
        name: the model's name.

    Returns:
        A model from float ``(batch, height, width, channels)`` to float32 ``(batch, height / 2^halvings, width /
        2^halvings, dim)``.

    Raises:
        ValueError: if an argument is outside its range, or a side does not halve evenly.

    Example:
        >>> vqvae_encoder(16).output_shape
        (None, 7, 7, 16)
    """
    require_channels_last()
    _check(dim, filters, halvings, residual_filters, residual_blocks)
    check_image_shape(input_shape, "input_shape")
    if any(side % 2**halvings for side in input_shape[:2]):
        raise ValueError(
            f"`input_shape` must have sides that are multiples of {2**halvings}, to be halved {halvings} times. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    images = x = keras.Input(input_shape, name="images")
    for stage in range(1, halvings + 1):
        width = filters // 2 if stage == 1 and halvings > 1 else filters
        x = layers.Conv2D(width, 4, 2, padding="same", activation="relu", name=f"halve{stage}")(x)
    x = layers.Conv2D(filters, 3, padding="same", name="conv")(x)
    x = _residual(x, residual_filters, residual_blocks)
    vectors = layers.Conv2D(dim, 1, dtype=keras.config.floatx(), name="vectors")(x)
    return keras.Model(images, vectors, name=name)


def vqvae_decoder(
    dim: int = 64,
    filters: int = 128,
    *,
    halvings: int = 2,
    residual_filters: int = 32,
    residual_blocks: int = 2,
    output_shape: tuple[int, int, int] = (28, 28, 1),
    output_activation: str | None = "tanh",
    name: str = "vqvae_decoder",
) -> keras.Model:
    """Build VQ-VAE's decoder, the mirror image of `vqvae_encoder`: transposed 4x4 convolutions with stride 2.

    Args:
        dim: length of each code of the map, positive.
        filters: channels inside, a positive even number.
        halvings: how often each side is doubled, at least 1.
        residual_filters: channels of the 3x3 convolution of a residual block, positive.
        residual_blocks: number of residual blocks, at least 0.
        output_shape: ``(height, width, channels)`` of the image; its sides must halve evenly.
        output_activation: activation of the pixels: "tanh", which learns a black background fastest, or None.
        name: the model's name.

    Returns:
        A model from float ``(batch, height / 2^halvings, width / 2^halvings, dim)`` to float32 ``(batch, height, width,
        channels)``.

    Raises:
        ValueError: if an argument is outside its range, or a side does not halve evenly.

    Example:
        >>> vqvae_decoder(16, output_shape=(32, 32, 3)).input_shape
        (None, 8, 8, 16)
    """
    require_channels_last()
    _check(dim, filters, halvings, residual_filters, residual_blocks)
    height, width = _halved(output_shape, halvings)
    codes = keras.Input((height, width, dim), name="codes")
    images = _decoded(codes, filters, halvings, residual_filters, residual_blocks, output_shape, output_activation)
    return keras.Model(codes, images, name=name)


def vqvae2_merger(
    dim: int = 64,
    filters: int = 128,
    *,
    residual_filters: int = 32,
    residual_blocks: int = 2,
    top_shape: tuple[int, int, int] = (7, 7, 64),
    features: int = 128,
    name: str = "vqvae2_merger",
) -> keras.Model:
    """Build the part of VQ-VAE-2 that makes the bottom's vectors of its features and of the top's codes.

    The codes are decoded to maps of twice their size, joined to the features, and a 1x1 convolution gives the vectors
    (Razavi et al., 2019). So the bottom need not tell again what the top tells.

    Args:
        dim: length of each vector of the bottom's map, positive.
        filters: channels inside, a positive even number.
        residual_filters: channels of the 3x3 convolution of a residual block, positive.
        residual_blocks: number of residual blocks, at least 0.
        top_shape: ``(height, width, dim)`` of the top's codes.
        features: channels of the bottom's features, positive.
        name: the model's name.

    Returns:
        A model from ``[features, codes]``, float ``(batch, 2 height, 2 width, features)`` and ``(batch, *top_shape)``,
        to float32 ``(batch, 2 height, 2 width, dim)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> vqvae2_merger(16, top_shape=(7, 7, 8), features=32).output_shape
        (None, 14, 14, 16)
    """
    require_channels_last()
    _check(dim, filters, 1, residual_filters, residual_blocks)
    check_widths(features=features)
    check_image_shape(top_shape, "top_shape")
    height, width, top_dim = top_shape
    codes = keras.Input(top_shape, name="codes")
    below = keras.Input((2 * height, 2 * width, features), name="features")
    made = _decoded(codes, filters, 1, residual_filters, residual_blocks, (2 * height, 2 * width, top_dim), None)
    x = layers.Concatenate(name="joined")([below, made])
    vectors = layers.Conv2D(dim, 1, dtype=keras.config.floatx(), name="vectors")(x)
    return keras.Model([below, codes], vectors, name=name)


def vqvae2_decoder(
    top_dim: int = 64,
    bottom_dim: int = 64,
    filters: int = 128,
    *,
    halvings: int = 2,
    residual_filters: int = 32,
    residual_blocks: int = 2,
    output_shape: tuple[int, int, int] = (28, 28, 1),
    output_activation: str | None = "tanh",
    name: str = "vqvae2_decoder",
) -> keras.Model:
    """Build VQ-VAE-2's decoder: the top's codes, enlarged to the bottom's, and both decoded as `vqvae_decoder` does.

    Args:
        top_dim: length of each code of the top, positive.
        bottom_dim: length of each code of the bottom, positive.
        filters: channels inside, a positive even number.
        halvings: how often each side of the bottom's map is doubled, at least 1.
        residual_filters: channels of the 3x3 convolution of a residual block, positive.
        residual_blocks: number of residual blocks, at least 0.
        output_shape: ``(height, width, channels)`` of the image; its sides must halve evenly, once more than
            ``halvings`` times.
        output_activation: activation of the pixels: "tanh" or None.
        name: the model's name.

    Returns:
        A model from ``[top, bottom]``, the codes of both levels, to float32 ``(batch, height, width, channels)``.

    Raises:
        ValueError: if an argument is outside its range, or a side does not halve evenly.

    Example:
        >>> [tensor.shape for tensor in vqvae2_decoder(8, 16, halvings=1).inputs]
        [(None, 7, 7, 8), (None, 14, 14, 16)]
    """
    require_channels_last()
    _check(bottom_dim, filters, halvings, residual_filters, residual_blocks)
    check_widths(top_dim=top_dim)
    height, width = _halved(output_shape, halvings + 1)
    top = keras.Input((height, width, top_dim), name="top")
    bottom = keras.Input((2 * height, 2 * width, bottom_dim), name="bottom")
    larger = layers.Conv2DTranspose(top_dim, 4, 2, padding="same", name="larger")(top)
    codes = layers.Concatenate(name="codes")([larger, bottom])
    images = _decoded(codes, filters, halvings, residual_filters, residual_blocks, output_shape, output_activation)
    return keras.Model([top, bottom], images, name=name)


def _decoded(
    codes: keras.KerasTensor,
    filters: int,
    doublings: int,
    residual_filters: int,
    residual_blocks: int,
    output_shape: tuple[int, int, int],
    output_activation: str | None,
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, padding="same", name="conv")(codes)
    x = _residual(x, residual_filters, residual_blocks)
    for stage in range(doublings, 1, -1):
        width = filters // 2 if stage == 2 else filters
        x = layers.Conv2DTranspose(width, 4, 2, padding="same", activation="relu", name=f"double{stage}")(x)
    return layers.Conv2DTranspose(
        output_shape[-1],
        4,
        2,
        padding="same",
        activation=output_activation,
        dtype=keras.config.floatx(),
        name="double1",
    )(x)


def _residual(x: keras.KerasTensor, filters: int, blocks: int) -> keras.KerasTensor:
    """Residual blocks, ReLU first, and a ReLU at their end."""
    width = x.shape[-1]
    for number in range(1, blocks + 1):
        y = layers.Activation("relu", name=f"block{number}_relu1")(x)
        y = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{number}_conv1")(y)
        y = layers.Conv2D(width, 1, name=f"block{number}_conv2")(y)
        x = layers.Add(name=f"block{number}")([x, y])
    return layers.Activation("relu", name="blocks")(x)


def _halved(output_shape: tuple[int, int, int], halvings: int) -> tuple[int, int]:
    check_image_shape(output_shape, "output_shape")
    if any(side % 2**halvings for side in output_shape[:2]):
        raise ValueError(
            f"`output_shape` must have sides that are multiples of {2**halvings}, so that codes can be doubled "
            f"{halvings} times. Received: output_shape={tuple(output_shape)}"
        )
    return output_shape[0] // 2**halvings, output_shape[1] // 2**halvings


def _check(dim: int, filters: int, halvings: int, residual_filters: int, residual_blocks: int) -> None:
    check_widths(dim=dim, filters=filters, halvings=halvings, residual_filters=residual_filters)
    if filters % 2:
        raise ValueError(f"`filters` must be even. Received: filters={filters}")
    if residual_blocks < 0:
        raise ValueError(f"`residual_blocks` must not be negative. Received: residual_blocks={residual_blocks}")
