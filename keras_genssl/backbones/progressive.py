"""The networks of progressive growing: whole, or as they were when images were smaller.

The layers that the functions find again by name, one of each for each side s: ``block<s>``, ``to_rgb<s>`` or
``from_rgb<s>``, and ``fade<s>`` for all sides but the smallest.
"""

import math
from collections.abc import Iterator
from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.output_activation import LAYER, activated
from keras_genssl.backbones.sizes import check_widths
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import (
    EqualizedConv2D,
    EqualizedDense,
    FadeIn,
    LeakyReLU,
    MinibatchStdDev,
    PixelNormalization,
)

_SMALLEST = 4  # pixels a side
_WIDE_UP_TO = 32  # pixels a side; above, channels are halved whenever the side is doubled


def progressive_sides(image_shape: tuple[int, int, int]) -> tuple[int, ...]:
    """The sides of the images that a network of progressive growing makes in turn, the smallest first.

    The side is halved as long as it is even and at least 4 pixels are left.

    Args:
        image_shape: ``(side, side, channels)``, the side at least 4.

    Raises:
        ValueError: if the shape is not that of a square image of at least 4 pixels a side.

    Example:
        >>> progressive_sides((32, 32, 3)), progressive_sides((28, 28, 1))
        ((4, 8, 16, 32), (7, 14, 28))
    """
    require_channels_last()
    shape = tuple(image_shape)
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] < _SMALLEST or shape[2] < 1:
        raise ValueError(
            f"`image_shape` must be (side, side, channels) with a side of at least {_SMALLEST}. "
            f"Received: image_shape={image_shape}"
        )
    sides = [shape[0]]
    while sides[0] % 2 == 0 and sides[0] // 2 >= _SMALLEST:
        sides.insert(0, sides[0] // 2)
    return tuple(sides)


def _width(side: int, filters: int) -> int:
    return filters if side <= _WIDE_UP_TO else max(1, filters * _WIDE_UP_TO // side)


def _features(shape: tuple[int, ...]) -> Any:
    """An input of features, in the precision in which layers compute."""
    return keras.Input(shape, dtype=keras.config.dtype_policy().compute_dtype, name="features")


def _images(side: int, channels: int) -> Any:
    return keras.Input((side, side, channels), name="images")


def _enlarged(name: str) -> keras.layers.Layer:
    return layers.UpSampling2D(2, interpolation="nearest", dtype=keras.config.floatx(), name=name)


def _halved(name: str) -> keras.layers.Layer:
    return layers.AveragePooling2D(2, dtype=keras.config.floatx(), name=name)


def progressive_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 512,
    filters: int = 512,
    *,
    output_activation: str | None = None,
    name: str = "progressive_generator",
) -> keras.Model:
    """Build the generator of progressive growing: a block for each side, and a 1x1 convolution to colours for each.

    Karras et al., 2018, Table 2. Latents are normalised, a dense layer makes the smallest map; each further block
    doubles the map by repeating pixels and has two 3x3 convolutions. All layers have an equalized learning rate, and
    LeakyReLU of slope 0.2 and pixel normalisation follow each but those to colours, which are linear. A `FadeIn` mixes
    the image of each side with the enlarged image of the side below; its α, 1 at first, is assigned as the network
    grows. `generator_at_side` takes the network at a smaller side.

    Deviation: the first dense layer has a bias for each unit, the paper's code one for each channel.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs](https://arxiv.org/abs/1710.10196)

    Args:
        image_shape: ``(side, side, channels)``; see `progressive_sides`.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels up to 32 pixels a side, at least 1; half as many at 64, a quarter at 128 and so on.
        output_activation: activation of the images: None as in the paper, or "tanh". Where many pixels are black or
            white, as around garments and digits, a discriminator tells unbounded images by these pixels alone.
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)`` to float32 images ``(batch, *image_shape)``, trained towards
        [-1, 1] but not bounded without an activation.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> progressive_generator((32, 32, 3), latent_dim=8, filters=4).output_shape
        (None, 32, 32, 3)
    """
    require_channels_last()
    sides = progressive_sides(image_shape)
    check_widths(latent_dim=latent_dim, filters=filters)
    x = latents = keras.Input((latent_dim,), name="latents")
    image = None
    for side in sides:
        block = _first_block(latent_dim, side, filters) if image is None else _up_block(side, filters)
        x = block(x)
        new = EqualizedConv2D(image_shape[-1], 1, gain=1.0, dtype=keras.config.floatx(), name=f"to_rgb{side}")(x)
        image = new if image is None else _fade(side)(_enlarged(f"enlarged{side}")(image), new)
    return keras.Model(latents, activated(image, output_activation), name=name)


def _fade(side: int) -> FadeIn:
    return FadeIn(dtype=keras.config.floatx(), name=f"fade{side}")


def _first_block(latent_dim: int, side: int, filters: int) -> keras.Model:
    width = _width(side, filters)
    latents = _features((latent_dim,))
    name = f"block{side}"
    x = PixelNormalization(name=f"{name}_normalized_latents")(latents)
    # As if the vector were a map of one pixel, enlarged by a transposed convolution: each unit sees 1 of side² places.
    x = EqualizedDense(side * side * width, gain=math.sqrt(2.0) / side, name=f"{name}_dense")(x)
    x = layers.Reshape((side, side, width), name=f"{name}_reshape")(x)
    x = LeakyReLU(0.2, name=f"{name}_dense_relu")(x)
    x = PixelNormalization(name=f"{name}_dense_normalized")(x)
    return keras.Model(latents, _convolved(x, width, f"{name}_conv"), name=name)


def _up_block(side: int, filters: int) -> keras.Model:
    width = _width(side, filters)
    below = _features((side // 2, side // 2, _width(side // 2, filters)))
    x = layers.UpSampling2D(2, interpolation="nearest", name=f"block{side}_enlarged")(below)
    for number in (1, 2):
        x = _convolved(x, width, f"block{side}_conv{number}")
    return keras.Model(below, x, name=f"block{side}")


def _convolved(x: Any, width: int, name: str) -> Any:
    x = LeakyReLU(0.2, name=f"{name}_relu")(EqualizedConv2D(width, 3, name=name)(x))
    return PixelNormalization(name=f"{name}_normalized")(x)


def progressive_critic(
    image_shape: tuple[int, int, int],
    filters: int = 512,
    group_size: int = 4,
    *,
    name: str = "progressive_critic",
) -> keras.Model:
    """Build the critic of progressive growing, `progressive_generator` the other way round.

    Karras et al., 2018, Table 2: a 1x1 convolution from colours for each side, and a block for each, two 3x3
    convolutions and the mean of 2x2 pixels; at the smallest side `MinibatchStdDev`, a convolution and two dense layers.
    All layers have an equalized learning rate, and LeakyReLU of slope 0.2 follows each but the last; nothing is
    normalised. A `FadeIn` mixes what comes from each block with the features of the halved image. `critic_at_side`
    takes the network at a smaller side.

    An image's value depends on its group of ``group_size`` images, so N replicas compute what one device does if each
    replica's share of the batch is a multiple of ``group_size``.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs](https://arxiv.org/abs/1710.10196)

    Args:
        image_shape: ``(side, side, channels)``; see `progressive_sides`.
        filters: channels up to 32 pixels a side, at least 1; half as many at 64, a quarter at 128 and so on.
        group_size: number of images that `MinibatchStdDev` compares, at least 2.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` to float32 values ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> progressive_critic((28, 28, 1), filters=4).output_shape
        (None, 1)
    """
    require_channels_last()
    sides = progressive_sides(image_shape)
    check_widths(filters=filters)
    channels = image_shape[-1]
    image = images = _images(sides[-1], channels)
    x = _from_rgb(sides[-1], channels, filters)(image)
    for side in reversed(sides[1:]):
        x = _down_block(side, filters)(x)
        image = _halved(f"halved{side}")(image)
        old = _from_rgb(side // 2, channels, filters)(image)
        x = FadeIn(name=f"fade{side}")(old, x)
    return keras.Model(images, _last_block(sides[0], filters, group_size)(x), name=name)


def _from_rgb(side: int, channels: int, filters: int) -> keras.Model:
    images = _images(side, channels)
    x = EqualizedConv2D(_width(side, filters), 1, name=f"from_rgb{side}_conv")(images)
    return keras.Model(images, LeakyReLU(0.2, name=f"from_rgb{side}_relu")(x), name=f"from_rgb{side}")


def _down_block(side: int, filters: int) -> keras.Model:
    x = above = _features((side, side, _width(side, filters)))
    for number, width in enumerate((_width(side, filters), _width(side // 2, filters)), start=1):
        x = EqualizedConv2D(width, 3, name=f"block{side}_conv{number}")(x)
        x = LeakyReLU(0.2, name=f"block{side}_conv{number}_relu")(x)
    return keras.Model(above, layers.AveragePooling2D(2, name=f"block{side}_halved")(x), name=f"block{side}")


def _last_block(side: int, filters: int, group_size: int) -> keras.Model:
    width, name = _width(side, filters), f"block{side}"
    above = _features((side, side, width))
    x = MinibatchStdDev(group_size, name=f"{name}_deviation")(above)
    x = LeakyReLU(0.2, name=f"{name}_conv_relu")(EqualizedConv2D(width, 3, name=f"{name}_conv")(x))
    x = EqualizedDense(width, name=f"{name}_dense")(layers.Flatten(name=f"{name}_flatten")(x))
    x = LeakyReLU(0.2, name=f"{name}_dense_relu")(x)
    value = EqualizedDense(1, gain=1.0, dtype=keras.config.floatx(), name=f"{name}_value")(x)
    return keras.Model(above, value, name=name)


def generator_at_side(generator: keras.Model, side: int, fading: bool = False) -> keras.Model:
    """Takes a `progressive_generator` at a side: the blocks up to it, and nothing of the larger ones.

    Args:
        generator: a model of `progressive_generator`; the result has its layers, and shares its weights.
        side: one of `progressive_sides`.
        fading: whether the image of the side below, enlarged, is mixed in by the layer ``fade<side>`` of the generator.
            Without it only the layers that make the image of ``side`` are in the result.

    Returns:
        A model from latents ``(batch, latent_dim)`` to float32 images ``(batch, side, side, channels)``.

    Raises:
        ValueError: if the network has other layers or no such side, or the smallest side is to be faded in.

    Example:
        >>> generator = progressive_generator((32, 32, 3), latent_dim=8, filters=4)
        >>> generator_at_side(generator, 8).output_shape
        (None, 8, 8, 3)
    """
    require_channels_last()
    sides = _sides_up_to("generator", generator, generator.output_shape[1:], side, fading, "to_rgb")
    x = latents = keras.Input(generator.input_shape[1:], name="latents")
    below = None
    for each in sides:
        below, x = x, generator.get_layer(f"block{each}")(x)
    image = generator.get_layer(f"to_rgb{side}")(x)
    if fading:
        old = generator.get_layer(f"to_rgb{side // 2}")(below)
        image = generator.get_layer(f"fade{side}")(_enlarged(f"enlarged{side}")(old), image)
    if generator.layers[-1].name == LAYER:
        image = generator.layers[-1](image)
    return keras.Model(latents, image, name=f"{generator.name}_at_{side}")


def critic_at_side(critic: keras.Model, side: int, fading: bool = False) -> keras.Model:
    """Takes a `progressive_critic` at a side: the blocks up to it, and nothing of the larger ones.

    Args:
        critic: a model of `progressive_critic`; the result has its layers, and shares its weights.
        side: one of `progressive_sides`.
        fading: whether the features of the halved image are mixed in by the layer ``fade<side>`` of the critic.

    Returns:
        A model from images ``(batch, side, side, channels)`` to float32 values ``(batch, 1)``.

    Raises:
        ValueError: as in `generator_at_side`.

    Example:
        >>> critic_at_side(progressive_critic((28, 28, 1), filters=4), 14, fading=True).input_shape
        (None, 14, 14, 1)
    """
    require_channels_last()
    sides = _sides_up_to("critic", critic, critic.input_shape[1:], side, fading, "from_rgb")
    images = _images(side, critic.input_shape[-1])
    x = critic.get_layer(f"from_rgb{side}")(images)
    for each in reversed(sides):
        x = critic.get_layer(f"block{each}")(x)
        if fading and each == side:
            old = critic.get_layer(f"from_rgb{side // 2}")(_halved(f"halved{side}")(images))
            x = critic.get_layer(f"fade{side}")(old, x)
    return keras.Model(images, x, name=f"{critic.name}_at_{side}")


def _names(sides: tuple[int, ...], colours: str) -> Iterator[str]:
    for side in sides:
        yield from (f"block{side}", f"{colours}{side}")
    yield from (f"fade{side}" for side in sides[1:])


def _sides_up_to(
    argument: str, network: keras.Model, image_shape: Any, side: int, fading: bool, colours: str
) -> tuple[int, ...]:
    sides = progressive_sides(image_shape)
    missing = set(_names(sides, colours)) - {layer.name for layer in network.layers}
    if missing:
        raise ValueError(
            f"`{argument}` must be made by `backbones.progressive_{argument}`. "
            f"Received: {network.name!r} without a layer {min(missing)!r}"
        )
    if side not in sides or (fading and side == sides[0]):
        rule = f"one of {sides[1:]}, which have a side below to fade from" if fading else f"one of {sides}"
        raise ValueError(f"`side` must be {rule}. Received: side={side}")
    return sides[: sides.index(side) + 1]
