"""The networks of SAGAN: those of SNGAN with self-attention, and with spectral normalisation in both."""

import functools

import keras

from keras_genssl.backbones.attention import attended
from keras_genssl.backbones.residual_blocks import (
    normalized,
    residual_generator,
    spectral_residual_discriminator,
    widths,
)
from keras_genssl.backbones.sizes import check_widths, halvings
from keras_genssl.backbones.sngan import MOST
from keras_genssl.checks.tensors import require_channels_last


def sagan_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 128,
    filters: int = 64,
    *,
    num_classes: int | None = None,
    synchronized: bool = True,
    name: str = "sagan_generator",
) -> keras.Model:
    """Build SAGAN's residual generator: ``sngan_generator`` with spectral normalisation and self-attention.

    Zhang et al., 2019, Sections 3 and 4: every layer with a kernel is normalised, ``filters=64`` at 128 pixels, where
    attention is applied to features of 32 pixels a side. Smaller images have it at half their side (14 of 28). With
    ``num_classes`` batch normalisation has a gain and bias of each class, as in the paper.

    Reference:
        - Zhang et al. 2019, [Self-Attention Generative Adversarial Networks](https://arxiv.org/abs/1805.08318)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels at full resolution, at least 1; those at the attention must be a multiple of 8.
        num_classes: number of classes, or None for a generator without labels.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)``, or ``[latents, one-hot labels (batch, num_classes)]``, to
        float32 images ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> sagan_generator((28, 28, 1), latent_dim=16, filters=8).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    side, stages = halvings(image_shape)
    check_widths(latent_dim=latent_dim, filters=filters, num_classes=num_classes)
    channels = widths(image_shape, filters, stages, MOST)
    attend = functools.partial(attended, image_shape=image_shape)
    return residual_generator(
        image_shape, latent_dim, channels, side, num_classes, synchronized, name, normalized, attend
    )


def sagan_discriminator(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    num_classes: int | None = None,
    name: str = "sagan_discriminator",
) -> keras.Model:
    """Build SAGAN's residual discriminator: ``sngan_discriminator`` with self-attention.

    Zhang et al., 2019, Sections 3 and 4: ``filters=64`` at 128 pixels, where attention is applied to features of 32
    pixels a side. Smaller images have it at half their side (14 of 28). With ``num_classes`` the inner product of the
    features and a vector of the class is added to the logit.

    Reference:
        - Zhang et al. 2019, [Self-Attention Generative Adversarial Networks](https://arxiv.org/abs/1805.08318)
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        filters: channels of the first block, at least 1; those at the attention must be a multiple of 8.
        num_classes: number of classes, or None for a discriminator without labels.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1], or ``[images, one-hot labels (batch,
        num_classes)]``, to float32 logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> sagan_discriminator((28, 28, 1), filters=8, num_classes=10).output_shape
        (None, 1)
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(filters=filters, num_classes=num_classes)
    channels = widths(image_shape, filters, stages, MOST)
    attend = functools.partial(attended, image_shape=image_shape)
    return spectral_residual_discriminator(image_shape, channels, num_classes, name, attend)
