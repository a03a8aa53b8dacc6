"""The residual blocks that WGAN-GP's, SNGAN's and the projection discriminator's networks share."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from keras_genssl.layers import BatchNormalization

Wrap = Callable[[keras.layers.Layer], keras.layers.Layer]

_MOMENTUM = 0.9


def initializer(gain: float = 2.0) -> keras.initializers.Initializer:
    """Uniform of Glorot's variance times a gain: 2 for convolutions of the residual, 1 elsewhere."""
    return keras.initializers.VarianceScaling(gain, "fan_avg", "uniform")


def widths(image_shape: tuple[int, int, int], filters: int, stages: int) -> list[int]:
    """Channels at each side, from the image's inwards: constant up to 32 pixels, doubling above, at most 16 times."""
    return [filters if image_shape[0] <= 32 else filters * 2 ** min(stage, 4) for stage in range(stages + 1)]


def batch_norm(x: Any, labels: Any, synchronized: bool, name: str) -> Any:
    """Batch normalisation, with a gain and bias of each class where there are labels ``(batch, num_classes)``."""
    conditional = labels is not None
    x = BatchNormalization(
        momentum=_MOMENTUM, center=not conditional, scale=not conditional, synchronized=synchronized, name=name
    )(x)
    if not conditional:
        return x
    channels = x.shape[-1]

    def of_class(start: str, part: str) -> Any:
        values = layers.Dense(channels, use_bias=False, kernel_initializer=start, name=f"{name}_{part}")(labels)
        return layers.Reshape((1, 1, channels), name=f"{name}_{part}_reshape")(values)

    x = layers.Multiply(name=f"{name}_scaled")([x, of_class("ones", "gain")])
    return layers.Add(name=f"{name}_shifted")([x, of_class("zeros", "bias")])


def up_block(x: Any, labels: Any, filters: int, synchronized: bool, name: str) -> Any:
    """A generator's block: twice the side. The shortcut's 1x1 convolution comes first, which changes nothing."""
    shortcut = layers.Conv2D(filters, 1, kernel_initializer=initializer(1.0), name=f"{name}_shortcut")(x)
    shortcut = layers.UpSampling2D(name=f"{name}_shortcut_up")(shortcut)
    x = layers.ReLU(name=f"{name}_relu1")(batch_norm(x, labels, synchronized, f"{name}_norm1"))
    x = layers.UpSampling2D(name=f"{name}_up")(x)
    # No bias before a batch norm, which would take it away.
    x = layers.Conv2D(
        filters, 3, padding="same", use_bias=False, kernel_initializer=initializer(), name=f"{name}_conv1"
    )(x)
    x = layers.ReLU(name=f"{name}_relu2")(batch_norm(x, labels, synchronized, f"{name}_norm2"))
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer=initializer(), name=f"{name}_conv2")(x)
    return layers.Add(name=f"{name}_add")([x, shortcut])


def down_block(x: Any, filters: int, wrap: Wrap, name: str, *, first: bool = False, halve: bool = True) -> Any:
    """A critic's block, without batch normalisation: half the side, or the same.

    Args:
        x: features ``(batch, h, w, c)``.
        filters: channels that come out.
        wrap: put around each convolution, such as spectral normalisation.
        name: prefix of the layers' names.
        first: whether it sees the image itself, on which no ReLU is laid.
        halve: whether the side is halved, by a mean.
    """

    def conv(size: int, gain: float, part: str) -> keras.layers.Layer:
        return wrap(
            layers.Conv2D(filters, size, padding="same", kernel_initializer=initializer(gain), name=f"{name}_{part}")
        )

    shortcut = x
    if halve:
        shortcut = layers.AveragePooling2D(2, name=f"{name}_shortcut_pool")(shortcut)
    if halve or x.shape[-1] != filters:
        # A 1x1 convolution and a mean over space commute; after the mean it costs a quarter.
        shortcut = conv(1, 1.0, "shortcut")(shortcut)
    if not first:
        x = layers.ReLU(name=f"{name}_relu1")(x)
    x = conv(3, 2.0, "conv1")(x)
    x = layers.ReLU(name=f"{name}_relu2")(x)
    x = conv(3, 2.0, "conv2")(x)
    if halve:
        x = layers.AveragePooling2D(2, name=f"{name}_pool")(x)
    return layers.Add(name=f"{name}_add")([x, shortcut])


def residual_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    filters: int,
    side: int,
    stages: int,
    num_classes: int | None,
    synchronized: bool,
    name: str,
) -> keras.Model:
    """A dense layer, an up block for each doubling, and a convolution to the image, of checked arguments."""
    latents = keras.Input((latent_dim,), name="latents")
    labels = None if num_classes is None else keras.Input((num_classes,), name="labels")
    first, *channels = reversed(widths(image_shape, filters, stages))
    x = layers.Dense(side * side * first, kernel_initializer=initializer(1.0), name="project")(latents)
    x = layers.Reshape((side, side, first), name="reshape")(x)
    for index, width in enumerate(channels, start=1):
        x = up_block(x, labels, width, synchronized, f"block{index}")
    x = BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name="norm")(x)
    x = layers.Conv2D(
        image_shape[-1],
        3,
        padding="same",
        kernel_initializer=initializer(1.0),
        activation="tanh",
        dtype=keras.config.floatx(),
        name="images",
    )(layers.ReLU(name="relu")(x))
    return keras.Model(latents if labels is None else [latents, labels], x, name=name)


def residual_features(images: Any, filters: int, stages: int, wrap: Wrap) -> Any:
    """A critic's blocks: those that halve the side, then one at the smallest side, or two up to 32 pixels."""
    x = images
    channels = widths(tuple(images.shape[1:]), filters, stages)
    # The papers leave 8x8 of 32 pixels (7x7 of 28 here), 4x4 of more.
    halvings = 2 if images.shape[1] <= 32 else stages
    for index in range(4 if images.shape[1] <= 32 else stages + 1):
        width = channels[min(index, stages)]
        x = down_block(x, width, wrap, f"block{index + 1}", first=index == 0, halve=index < halvings)
    return layers.ReLU(name="relu")(x)
