"""WGAN-GP's residual networks."""

import keras
from keras import layers

from keras_genssl.backbones.image_sizes import check_widths, halvings
from keras_genssl.backbones.residual_blocks import (
    down_block,
    initializer,
    is_small,
    residual_features,
    residual_generator,
    widths,
)
from keras_genssl.checks.data_format import require_channels_last

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
