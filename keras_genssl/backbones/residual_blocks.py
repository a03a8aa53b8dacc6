"""The residual blocks that the networks of WGAN-GP, SNGAN, the projection discriminator and SAGAN share."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from keras_genssl.layers import (
    BatchNormalization,
    ClassProjection,
    ConditionalBatchNormalization,
    LeakyReLU,
    SpectralNormalization,
)

Wrap = Callable[[keras.layers.Layer], keras.layers.Layer]
After = Callable[[Any], Any]

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


def unchanged(value: Any) -> Any:
    """Returns what it is given: a layer that nothing is put around, features that nothing is applied to."""
    return value


def normalized(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Puts spectral normalisation around a layer."""
    return SpectralNormalization(layer, name=f"{layer.name}_sn")


def batch_norm(x: Any, labels: Any, synchronized: bool, name: str) -> Any:
    """Applies batch normalisation, with a gain and bias of each class for labels ``(batch, num_classes)``."""
    if labels is None:
        return BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name=name)(x)
    return ConditionalBatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name=name)([x, labels])


def up_block(x: Any, labels: Any, filters: int, synchronized: bool, name: str, wrap: Wrap = unchanged) -> Any:
    """Applies a generator's block, which doubles the side. Its shortcut convolves first, with equal results."""
    one = layers.Conv2D(filters, 1, kernel_initializer=initializer(1.0), name=f"{name}_shortcut")
    shortcut = layers.UpSampling2D(name=f"{name}_shortcut_up")(wrap(one)(x))
    x = layers.ReLU(name=f"{name}_relu1")(batch_norm(x, labels, synchronized, f"{name}_norm1"))
    x = layers.UpSampling2D(name=f"{name}_up")(x)
    # No bias before a batch norm, which would cancel it.
    first = layers.Conv2D(
        filters, 3, padding="same", use_bias=False, kernel_initializer=initializer(), name=f"{name}_conv1"
    )
    x = layers.ReLU(name=f"{name}_relu2")(batch_norm(wrap(first)(x), labels, synchronized, f"{name}_norm2"))
    second = layers.Conv2D(filters, 3, padding="same", kernel_initializer=initializer(), name=f"{name}_conv2")
    return layers.Add(name=f"{name}_add")([wrap(second)(x), shortcut])


def down_block(
    x: Any,
    filters: int,
    name: str,
    *,
    wrap: Wrap = unchanged,
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
    wrap: Wrap = unchanged,
    after: After = unchanged,
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
        wrap: put around each layer with a kernel, such as spectral normalisation.
        after: applied to the output of each block, such as attention.
    """
    latents = keras.Input((latent_dim,), name="latents")
    labels = None if num_classes is None else keras.Input((num_classes,), name="labels")
    first, *rest = reversed(channels)
    dense = layers.Dense(side * side * first, kernel_initializer=initializer(1.0), name="project")
    x = layers.Reshape((side, side, first), name="reshape")(wrap(dense)(latents))
    for index, width in enumerate(rest, start=1):
        x = after(up_block(x, labels, width, synchronized, f"block{index}", wrap))
    x = BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name="norm")(x)
    last = layers.Conv2D(
        image_shape[-1],
        3,
        padding="same",
        kernel_initializer=initializer(1.0),
        activation="tanh",
        dtype=keras.config.floatx(),
        name="images",
    )
    x = wrap(last)(layers.ReLU(name="relu")(x))
    return keras.Model(latents if labels is None else [latents, labels], x, name=name)


def residual_features(images: Any, channels: list[int], wrap: Wrap, after: After = unchanged) -> Any:
    """A critic's blocks: those that halve the side, then one at the smallest side, or two up to 32 pixels.

    Args:
        images: ``(batch, side, side, c)``.
        channels: from the image's side inwards, as `widths` gives them.
        wrap: put around each convolution, such as spectral normalisation.
        after: applied to the output of each block, such as attention.
    """
    x, stages = images, len(channels) - 1
    # The papers leave 8x8 of 32 pixels (7x7 of 28 here), 4x4 of more.
    small = is_small(tuple(images.shape[1:]))
    halvings, blocks = (2, 4) if small else (stages, stages + 1)
    for index in range(blocks):
        width = channels[min(index, stages)]
        x = after(down_block(x, width, f"block{index + 1}", wrap=wrap, first=index == 0, halve=index < halvings))
    return LeakyReLU(0.0, name="relu")(x)


def spectral_residual_discriminator(
    image_shape: tuple[int, int, int],
    channels: list[int],
    num_classes: int | None,
    name: str,
    after: After = unchanged,
) -> keras.Model:
    """Spectrally normalised blocks, the sum over space, a logit and the projection on the class, of checked arguments.

    Args:
        image_shape: ``(side, side, channels)`` of the images.
        channels: from the image's side inwards, as `widths` gives them.
        num_classes: of the projection, or None.
        name: the model's name.
        after: applied to the output of each block, such as attention.
    """
    images = keras.Input(tuple(image_shape), name="images")
    x = residual_features(images, channels, normalized, after)
    side = x.shape[1]
    x = layers.GlobalAveragePooling2D(dtype=keras.config.floatx(), name="pool")(x)
    # (batch, channels), the sum over space
    x = layers.Rescaling(float(side**2), dtype=keras.config.floatx(), name="sum")(x)
    logits = normalized(
        layers.Dense(1, kernel_initializer=initializer(1.0), dtype=keras.config.floatx(), name="logit")
    )(x)
    if num_classes is None:
        return keras.Model(images, logits, name=name)
    labels = keras.Input((num_classes,), name="labels")
    return keras.Model([images, labels], projected(logits, x, labels, initializer(1.0)), name=name)


def projected(logits: Any, features: Any, labels: Any, start: Any = "glorot_uniform") -> Any:
    """Adds to logits ``(batch, 1)`` the product of features ``(batch, dim)`` with the vector of the class."""
    of_class = ClassProjection(True, start, dtype=keras.config.floatx(), name="projection")([features, labels])
    return layers.Add(dtype=keras.config.floatx(), name="projected")([logits, of_class])
