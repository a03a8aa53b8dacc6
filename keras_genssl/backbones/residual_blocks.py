"""The residual blocks that WGAN-GP's, SNGAN's and the projection discriminator's networks share."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from keras_genssl.layers import BatchNormalization, LeakyReLU

Wrap = Callable[[keras.layers.Layer], keras.layers.Layer]

_MOMENTUM = 0.9  # with Keras' epsilon, 1e-3, where the papers' code has 2e-5 (Chainer) and 1e-5: records have it


def initializer(gain: float = 2.0) -> keras.initializers.Initializer:
    """Returns a uniform initializer of Glorot's variance times a gain: 2 for convolutions of the residual, else 1."""
    return keras.initializers.VarianceScaling(gain, "fan_avg", "uniform")


def is_small(image_shape: tuple[int, int, int]) -> bool:
    """Tells whether images have at most 32 pixels a side; both papers then have one width and the same blocks."""
    return image_shape[0] <= 32


def widths(image_shape: tuple[int, int, int], filters: int, stages: int, most: int) -> list[int]:
    """Returns channels at each side, from the image inwards: the same up to 32, else doubled up to ``most`` times."""
    return [filters if is_small(image_shape) else filters * min(2**stage, most) for stage in range(stages + 1)]


def batch_norm(x: Any, labels: Any, synchronized: bool, name: str) -> Any:
    """Applies batch normalisation, with a gain and bias of each class for labels ``(batch, num_classes)``."""
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
    """Applies a generator's block, which doubles the side. Its shortcut convolves first, with equal results."""
    shortcut = layers.Conv2D(filters, 1, kernel_initializer=initializer(1.0), name=f"{name}_shortcut")(x)
    shortcut = layers.UpSampling2D(name=f"{name}_shortcut_up")(shortcut)
    x = layers.ReLU(name=f"{name}_relu1")(batch_norm(x, labels, synchronized, f"{name}_norm1"))
    x = layers.UpSampling2D(name=f"{name}_up")(x)
    # No bias before a batch norm, which would cancel it.
    x = layers.Conv2D(
        filters, 3, padding="same", use_bias=False, kernel_initializer=initializer(), name=f"{name}_conv1"
    )(x)
    x = layers.ReLU(name=f"{name}_relu2")(batch_norm(x, labels, synchronized, f"{name}_norm2"))
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer=initializer(), name=f"{name}_conv2")(x)
    return layers.Add(name=f"{name}_add")([x, shortcut])


def down_block(
    x: Any,
    filters: int,
    name: str,
    *,
    wrap: Wrap = lambda layer: layer,
    normalization: Callable[..., keras.layers.Layer] | None = None,
    first: bool = False,
    halve: bool = True,
) -> Any:
    """Applies a critic's block, without batch normalisation, which halves or keeps the side.

    Except in the first block, the number of channels between its two convolutions is that of the input.

    Args:
        x: features ``(batch, h, w, c)``.
        filters: channels of the output.
        name: prefix of the layers' names.
        wrap: put around each convolution, such as spectral normalisation.
        normalization: function of ``name`` that makes the layer before each ReLU; None for none.
        first: whether the input is the image, to which no ReLU is applied.
        halve: whether the side is halved, by a mean.
    """

    def conv(width: int, size: int, gain: float, part: str, bias: bool = True) -> keras.layers.Layer:
        return wrap(
            layers.Conv2D(
                width,
                size,
                padding="same",
                use_bias=bias,
                kernel_initializer=initializer(gain),
                name=f"{name}_{part}",
            )
        )

    def relu(x: Any, part: int) -> Any:
        if normalization is not None:
            x = normalization(name=f"{name}_norm{part}")(x)
        return LeakyReLU(0.0, name=f"{name}_relu{part}")(x)

    shortcut = x
    if halve:
        shortcut = layers.AveragePooling2D(2, name=f"{name}_shortcut_pool")(shortcut)
    if halve or x.shape[-1] != filters:
        # A 1x1 convolution and a mean over space commute; after the mean it costs a quarter.
        shortcut = conv(filters, 1, 1.0, "shortcut")(shortcut)
    hidden = filters if first else x.shape[-1]
    if not first:
        x = relu(x, 1)
    x = conv(hidden, 3, 2.0, "conv1", bias=normalization is None)(x)  # a normalisation would take the bias away
    x = relu(x, 2)
    x = conv(filters, 3, 2.0, "conv2")(x)
    if halve:
        x = layers.AveragePooling2D(2, name=f"{name}_pool")(x)
    return layers.Add(name=f"{name}_add")([x, shortcut])


def residual_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    channels: list[int],
    side: int,
    num_classes: int | None,
    synchronized: bool,
    name: str,
) -> keras.Model:
    """A dense layer, an up block for each doubling, and a convolution to the image, of checked arguments.

    Args:
        image_shape: ``(side, side, channels)`` of the images.
        latent_dim: length of the latent vectors.
        channels: from the image's side inwards, as `widths` gives them.
        side: where the resolution starts.
        num_classes: of conditional batch normalisation, or None.
        synchronized: batch statistics of the global batch.
        name: the model's name.
    """
    latents = keras.Input((latent_dim,), name="latents")
    labels = None if num_classes is None else keras.Input((num_classes,), name="labels")
    first, *rest = reversed(channels)
    x = layers.Dense(side * side * first, kernel_initializer=initializer(1.0), name="project")(latents)
    x = layers.Reshape((side, side, first), name="reshape")(x)
    for index, width in enumerate(rest, start=1):
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


def residual_features(images: Any, channels: list[int], wrap: Wrap) -> Any:
    """A critic's blocks: those that halve the side, then one at the smallest side, or two up to 32 pixels.

    Args:
        images: ``(batch, side, side, c)``.
        channels: from the image's side inwards, as `widths` gives them.
        wrap: put around each convolution, such as spectral normalisation.
    """
    x, stages = images, len(channels) - 1
    # The papers leave 8x8 of 32 pixels (7x7 of 28 here), 4x4 of more.
    small = is_small(tuple(images.shape[1:]))
    halvings, blocks = (2, 4) if small else (stages, stages + 1)
    for index in range(blocks):
        width = channels[min(index, stages)]
        x = down_block(x, width, f"block{index + 1}", wrap=wrap, first=index == 0, halve=index < halvings)
    return LeakyReLU(0.0, name="relu")(x)
