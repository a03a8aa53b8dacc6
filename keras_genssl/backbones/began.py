"""The networks of BEGAN: a generator, and a discriminator whose decoder is built like the generator."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.sizes import check_widths
from keras_genssl.checks.tensors import require_channels_last


def began_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 64,
    filters: int = 128,
    *,
    name: str = "began_generator",
) -> keras.Model:
    """Build BEGAN's generator: a linear layer to 8x8, then two 3x3 convolutions at each side, doubled by repetition.

    Berthelot et al., 2017, Figure 1: exponential linear units, ``filters`` channels everywhere, neither batch
    normalisation nor transposed convolutions; the last convolution is linear, so pixels may leave [-1, 1]. It starts at
    7x7 for 28 pixels. The paper's further versions have skip connections, which are left out here.

    Reference:
        - Berthelot et al. 2017, [BEGAN: Boundary Equilibrium Generative Adversarial
          Networks](https://arxiv.org/abs/1703.10717)

    Args:
        image_shape: ``(side, side, channels)``; 28 pixels or a power of two of at least 16.
        latent_dim: length of the latent vectors, at least 1; paper: 64.
        filters: channels of all hidden layers, at least 1; paper: 128 at 128 pixels.
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)`` to float32 images ``(batch, *image_shape)``, unclipped.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> began_generator((28, 28, 1), latent_dim=16, filters=4).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    sides = _sides(image_shape)
    check_widths(latent_dim=latent_dim, filters=filters)
    latents = keras.Input((latent_dim,), name="latents")
    return keras.Model(latents, _decoded(latents, sides, image_shape[-1], filters), name=name)


def began_discriminator(
    image_shape: tuple[int, int, int],
    code_dim: int = 64,
    filters: int = 128,
    *,
    name: str = "began_discriminator",
) -> keras.Model:
    """Build BEGAN's discriminator, an autoencoder: convolutions down to a linear code, then the generator's layers.

    Berthelot et al., 2017, Figure 1: two 3x3 convolutions at each side, then one of stride 2, down to 8x8 (7x7 for 28
    pixels). Channels are ``filters``, then 2, 3 ... times as many at each halving. Exponential linear units, no batch
    normalisation. The code is the output of the layer ``code``, without an activation.

    Reference:
        - Berthelot et al. 2017, [BEGAN: Boundary Equilibrium Generative Adversarial
          Networks](https://arxiv.org/abs/1703.10717)

    Args:
        image_shape: ``(side, side, channels)``; 28 pixels or a power of two of at least 16.
        code_dim: units of the code, at least 1; paper: 64.
        filters: channels at full resolution and of the decoder, at least 1; paper: 128 at 128 pixels.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 reconstructions of that shape, unclipped.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> discriminator = began_discriminator((28, 28, 1), code_dim=16, filters=4)
        >>> discriminator.output_shape, discriminator.get_layer("code").output.shape
        ((None, 28, 28, 1), (None, 16))
    """
    require_channels_last()
    sides = _sides(image_shape)
    check_widths(code_dim=code_dim, filters=filters)
    images = keras.Input(tuple(image_shape), name="images")
    x = _conv(filters, "encode_first")(images)
    for stage, side in enumerate(reversed(sides), start=1):
        for index in (1, 2):
            x = _conv(stage * filters, f"encode{side}_{index}")(x)
        if side != sides[0]:
            x = _conv((stage + 1) * filters, f"encode{side}_down", strides=2)(x)
    x = layers.Flatten(name="flatten")(x)
    codes = layers.Dense(code_dim, dtype=keras.config.floatx(), name="code")(x)
    return keras.Model(images, _decoded(codes, sides, image_shape[-1], filters), name=name)


def _decoded(codes: Any, sides: list[int], channels: int, filters: int) -> Any:
    """The images of codes ``(batch, dim)``, by the layers that the generator and the decoder have in common."""
    x = layers.Dense(sides[0] ** 2 * filters, name="project")(codes)
    x = layers.Reshape((sides[0], sides[0], filters), name="reshape")(x)
    for side in sides:
        for index in (1, 2):
            x = _conv(filters, f"decode{side}_{index}")(x)
        if side != sides[-1]:
            x = layers.UpSampling2D(interpolation="nearest", name=f"decode{side}_up")(x)
    return layers.Conv2D(channels, 3, padding="same", dtype=keras.config.floatx(), name="pixels")(x)


def _conv(channels: int, name: str, strides: int = 1) -> keras.layers.Layer:
    return layers.Conv2D(channels, 3, strides, padding="same", activation="elu", name=name)


def _sides(image_shape: tuple[int, int, int]) -> list[int]:
    """The sides of the feature maps, from the smallest to the image's.

    Raises:
        ValueError: if the shape is not supported.
    """
    shape = tuple(image_shape)
    side = shape[0] if len(shape) == 3 and shape[0] == shape[1] and shape[2] in (1, 3) else 0
    first = 7 if side == 28 else 8
    sides = [first << stage for stage in range(16) if first << stage <= side]
    if len(sides) < 2 or sides[-1] != side:
        raise ValueError(
            "`image_shape` must be (side, side, channels) with a side of 28 or a power of two of at least 16, and 1 or "
            f"3 channels. Received: image_shape={image_shape}"
        )
    return sides
