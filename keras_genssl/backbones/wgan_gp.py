"""Dense generators and critics, and the networks of WGAN-GP."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.residual_blocks import (
    down_block,
    initializer,
    is_small,
    residual_features,
    residual_generator,
    widths,
)
from keras_genssl.backbones.sizes import check_widths, halvings
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import LeakyReLU


def _hidden(x: Any, units: Sequence[int], activation: Callable[[str], keras.layers.Layer]) -> Any:
    for index, width in enumerate(units, start=1):
        check_widths(units=width)
        x = layers.Dense(width, kernel_initializer="he_normal", name=f"hidden{index}")(x)
        x = activation(f"relu{index}")(x)
    return x


def mlp_generator(
    output_shape: Sequence[int],
    latent_dim: int = 100,
    units: Sequence[int] = (128, 256),
    *,
    num_classes: int | None = None,
    output_activation: str | None = "tanh",
    name: str = "mlp_generator",
) -> keras.Model:
    """Build a dense generator, as in the first GAN and the first conditional GAN.

    Goodfellow et al., 2014. With ``num_classes``, one-hot labels are appended to the latents (Mirza and Osindero,
    2014). Hidden layers have ReLU.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661)
        - Mirza and Osindero 2014, [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784)

    Args:
        output_shape: shape of the output: ``(height, width, channels)`` for images, ``(dim,)`` for points.
        latent_dim: length of the latent vectors, at least 1.
        units: widths of the hidden layers, each at least 1.
        num_classes: number of classes, or None for a generator without labels.
        output_activation: ``"tanh"`` for images in [-1, 1], None for points anywhere.
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)``, or ``[latents, one-hot labels (batch, num_classes)]``, to
        float32 ``(batch, *output_shape)``.

    Raises:
        ValueError: if a width is not at least 1.

    Example:
        >>> mlp_generator((2,), latent_dim=4, units=(16,), output_activation=None).output_shape
        (None, 2)
    """
    require_channels_last()
    check_widths(latent_dim=latent_dim, num_classes=num_classes, output_shape=min(output_shape))
    latents = x = keras.Input((latent_dim,), name="latents")
    inputs = latents
    if num_classes is not None:
        labels = keras.Input((num_classes,), name="labels")
        inputs = [latents, labels]
        x = layers.Concatenate(name="latents_and_labels")(inputs)
    x = _hidden(x, units, lambda name: layers.ReLU(name=name))
    x = layers.Dense(math.prod(output_shape), activation=output_activation, dtype=keras.config.floatx(), name="output")(
        x
    )
    return keras.Model(
        inputs, layers.Reshape(tuple(output_shape), dtype=keras.config.floatx(), name="reshape")(x), name=name
    )


def mlp_discriminator(
    input_shape: Sequence[int],
    units: Sequence[int] = (256, 128),
    *,
    num_classes: int | None = None,
    name: str = "mlp_discriminator",
) -> keras.Model:
    """Build a dense discriminator, as in the first GAN and the first conditional GAN.

    Goodfellow et al., 2014. With ``num_classes``, one-hot labels are appended to the image (Mirza and Osindero, 2014).
    Deviation: LeakyReLU of slope 0.2 instead of the papers' maxout and dropout.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661)
        - Mirza and Osindero 2014, [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784)

    Args:
        input_shape: ``(height, width, channels)`` of images, ``(dim,)`` of points.
        units: widths of the hidden layers, each at least 1.
        num_classes: number of classes, or None for a discriminator without labels.
        name: the model's name.

    Returns:
        A model from ``(batch, *input_shape)``, or ``[images, one-hot labels (batch, num_classes)]``, to float32
        logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if a width is not at least 1.

    Example:
        >>> mlp_discriminator((28, 28, 1), units=(16, 8)).count_params() == 784 * 16 + 16 + 16 * 8 + 8 + 9
        True
    """
    require_channels_last()
    check_widths(num_classes=num_classes, input_shape=min(input_shape))
    images = inputs = keras.Input(tuple(input_shape), name="images")
    x = layers.Flatten(name="flatten")(images)
    if num_classes is not None:
        labels = keras.Input((num_classes,), name="labels")
        inputs = [images, labels]
        x = layers.Concatenate(name="images_and_labels")([x, labels])
    x = _hidden(x, units, lambda name: LeakyReLU(0.2, name=name))
    return keras.Model(inputs, layers.Dense(1, dtype=keras.config.floatx(), name="logit")(x), name=name)


_MOST = 8  # the authors' channels stop doubling at 512 = 8 * 64


def wgan_gp_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 128,
    filters: int = 64,
    *,
    synchronized: bool = True,
    name: str = "wgan_gp_generator",
) -> keras.Model:
    """Build WGAN-GP's residual generator: a dense layer, then a block with batch normalisation for each doubling.

    Gulrajani et al., 2017, Appendix F: ``filters=128`` at 32 pixels, in all blocks. Above, as in the authors' code
    (gan_64x64.py, ``filters=64``), channels double towards the latents, up to 8 times; at 128 pixels, which it has not,
    another block of the widest comes first. Deviation: Keras' epsilon of 1e-3 in batch normalisation, theirs is 1e-5.

    Reference:
        - Gulrajani et al. 2017, [Improved Training of Wasserstein GANs](https://arxiv.org/abs/1704.00028)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels at full resolution, at least 1.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)`` to float32 images ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> wgan_gp_generator((28, 28, 1), latent_dim=16, filters=4).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    side, stages = halvings(image_shape)
    check_widths(latent_dim=latent_dim, filters=filters)
    channels = widths(image_shape, filters, stages, _MOST)
    return residual_generator(image_shape, latent_dim, channels, side, None, synchronized, name)


def wgan_gp_critic(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    name: str = "wgan_gp_critic",
) -> keras.Model:
    """Build WGAN-GP's residual critic, without batch normalisation, as the gradient penalty needs it.

    Gulrajani et al., 2017, Appendix F: at 32 pixels two blocks that halve the side and two that keep it,
    ``filters=128`` in all, the mean over space, a linear value. Above, as in the authors' code (gan_64x64.py,
    ``filters=64``, 7.5 million weights), a convolution of the image, blocks with layer normalisation that halve the
    side and double the channels, up to 8 times, until 4x4 is left, and a linear value of all of that; at 128 pixels,
    which it has not, another block of the widest comes last. Between the convolutions of a block there are as many
    channels as come in.

    Reference:
        - Gulrajani et al. 2017, [Improved Training of Wasserstein GANs](https://arxiv.org/abs/1704.00028)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        filters: channels of the first block, at least 1.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 values ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> wgan_gp_critic((28, 28, 1), filters=4).output_shape
        (None, 1)
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(filters=filters)
    images = keras.Input(tuple(image_shape), name="images")
    channels = widths(image_shape, filters, stages, _MOST)
    if is_small(image_shape):
        x = residual_features(images, channels, lambda layer: layer)
        x = layers.GlobalAveragePooling2D(name="pool")(x)
    else:
        first, *rest = channels
        x = layers.Conv2D(first, 3, padding="same", kernel_initializer=initializer(1.0), name="head")(images)
        for index, width in enumerate(rest, start=1):
            x = down_block(x, width, f"block{index}", normalization=_layer_norm)
        x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1, kernel_initializer=initializer(1.0), dtype=keras.config.floatx(), name="value")(x)
    return keras.Model(images, x, name=name)


def _layer_norm(name: str) -> keras.layers.Layer:
    """Returns a layer normalisation over space and channels of an image, with a gain and a bias per channel."""
    return layers.GroupNormalization(groups=1, epsilon=1e-5, name=name)
