"""The networks of SNGAN, with spectral normalisation."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.attention import attended
from keras_genssl.backbones.residual_blocks import (
    normalized,
    projected,
    residual_generator,
    spectral_residual_discriminator,
    widths,
)
from keras_genssl.backbones.sizes import check_widths, halvings
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import LeakyReLU


def spectral_discriminator(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    num_classes: int | None = None,
    attention: bool = False,
    name: str = "spectral_discriminator",
) -> keras.Model:
    """Build a plain discriminator of bounded slope: DCGAN's strided convolutions under spectral normalisation.

    Miyato et al., 2018: spectral normalisation in every layer and no batch normalisation, here on the 4x4 convolutions
    of DCGAN (Radford et al., 2016) with LeakyReLU of slope 0.2. Several times faster a step than the residual
    ``sngan_discriminator``.

    With ``num_classes`` it is a projection discriminator (Miyato and Koyama, 2018): the inner product of the features
    and a vector of the class is added to the logit. Deviation: the features are not summed over space; the class too
    weighs each place by itself, as this network's logit does. With ``attention`` it has the self-attention of SAGAN
    (Zhang et al., 2019), at 32 pixels a side or half the image's (14 of 28).

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)
        - Zhang et al. 2019, [Self-Attention Generative Adversarial Networks](https://arxiv.org/abs/1805.08318)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        filters: channels of the first convolution, at least 1; doubled at each halving.
        num_classes: number of classes, or None for a discriminator without labels.
        attention: whether there is self-attention; the channels there must be a multiple of 8.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1], or ``[images, one-hot labels (batch,
        num_classes)]``, to float32 logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> spectral_discriminator((28, 28, 1), filters=4).output_shape
        (None, 1)
    """
    require_channels_last()
    check_widths(num_classes=num_classes)
    images, x = _features(image_shape, filters, attention)
    logits = normalized(layers.Dense(1, dtype=keras.config.floatx(), name="logit"))(x)
    if num_classes is None:
        return keras.Model(images, logits, name=name)
    labels = keras.Input((num_classes,), name="labels")
    return keras.Model([images, labels], projected(logits, x, labels), name=name)


def spectral_acgan_discriminator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    filters: int = 64,
    *,
    name: str = "spectral_acgan_discriminator",
) -> keras.Model:
    """Build a discriminator that also predicts the class: ``spectral_discriminator`` with the two heads of ACGAN.

    Odena et al., 2017. The heads are not normalised. Without batch statistics, the predicted class of an image
    does not depend on the other images of its batch, as it does in ``acgan_discriminator``.

    Reference:
        - Odena et al. 2017, [Conditional Image Synthesis with Auxiliary Classifier
          GANs](https://arxiv.org/abs/1610.09585)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        num_classes: number of classes, at least 1.
        filters: channels of the first convolution, at least 1; doubled at each halving.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 ``[logits (batch, 1), class logits
        (batch, num_classes)]``, logits high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> [output.shape for output in spectral_acgan_discriminator((28, 28, 1), num_classes=10, filters=4).outputs]
        [(None, 1), (None, 10)]
    """
    require_channels_last()
    check_widths(num_classes=num_classes)
    images, x = _features(image_shape, filters)
    initializer = keras.initializers.RandomNormal(0.0, 0.02)
    logits = layers.Dense(1, kernel_initializer=initializer, dtype=keras.config.floatx(), name="logit")(x)
    classes = layers.Dense(num_classes, kernel_initializer=initializer, dtype=keras.config.floatx(), name="classes")(x)
    return keras.Model(images, [logits, classes], name=name)


def _features(image_shape: tuple[int, int, int], filters: int, attention: bool = False) -> tuple[Any, Any]:
    """Returns the input images and the flattened features of the convolutions."""
    _, stages = halvings(image_shape)
    check_widths(filters=filters)
    images = x = keras.Input(tuple(image_shape), name="images")
    for stage in range(stages):
        convolution = layers.Conv2D(filters * 2**stage, 4, strides=2, padding="same", name=f"down{stage + 1}")
        x = LeakyReLU(0.2, name=f"relu{stage + 1}")(normalized(convolution)(x))
        x = attended(x, image_shape) if attention else x
    return images, layers.Flatten(name="flatten")(x)


MOST = 16  # the papers' channels stop doubling at 1024 = 16 * 64


def sngan_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 128,
    filters: int = 64,
    *,
    num_classes: int | None = None,
    synchronized: bool = True,
    name: str = "sngan_generator",
) -> keras.Model:
    """Build SNGAN's residual generator: a dense layer, then a block with batch normalisation for each doubling.

    Miyato et al., 2018, Tables 4 to 6: ``filters=256`` at 32 pixels, in all blocks. Above, channels double towards the
    latents, up to 16 times (paper: ``filters=64`` at 48 and 128 pixels; at 64 its code has those of 128 but for one
    block). Deviations: no bias before batch normalisation, which would take it away, and Keras' epsilon of 1e-3 there
    (Chainer's is 2e-5).

    With ``num_classes`` batch normalisation is conditional: a gain and bias of each class (Miyato and Koyama, 2018).

    Reference:
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels at full resolution, at least 1.
        num_classes: number of classes, or None for a generator without labels.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)``, or ``[latents, one-hot labels (batch, num_classes)]``, to
        float32 images ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> sngan_generator((28, 28, 1), latent_dim=16, filters=4).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    side, stages = halvings(image_shape)
    check_widths(latent_dim=latent_dim, filters=filters, num_classes=num_classes)
    channels = widths(image_shape, filters, stages, MOST)
    return residual_generator(image_shape, latent_dim, channels, side, num_classes, synchronized, name)


def sngan_discriminator(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    num_classes: int | None = None,
    name: str = "sngan_discriminator",
) -> keras.Model:
    """Build SNGAN's residual discriminator, spectral normalisation in every layer.

    Miyato et al., 2018, Tables 4 to 6: at 32 pixels two blocks that halve the side and two that keep it,
    ``filters=128`` in all; above, each block halves the side and doubles the channels until 4x4 is left, and one keeps
    it (paper: ``filters=64``, 29.0 million weights at 128 pixels; at 64 its code halves in the last block too). Between
    the convolutions of a block there are as many channels as come in, in the first as come out. Then the *sum* over
    space and a linear logit.

    With ``num_classes`` it is a projection discriminator (Miyato and Koyama, 2018): the inner product of the features
    and a vector of the class is added.

    Reference:
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        filters: channels of the first block, at least 1.
        num_classes: number of classes, or None for a discriminator without labels.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1], or ``[images, one-hot labels (batch,
        num_classes)]``, to float32 logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> sngan_discriminator((28, 28, 1), filters=4).output_shape
        (None, 1)
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(filters=filters, num_classes=num_classes)
    channels = widths(image_shape, filters, stages, MOST)
    return spectral_residual_discriminator(image_shape, channels, num_classes, name)
