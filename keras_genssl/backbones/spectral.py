"""Small discriminators with spectral normalisation."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.image_sizes import check_widths, halvings
from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import SpectralNormalization


def spectral_discriminator(
    image_shape: tuple[int, int, int], filters: int = 64, *, name: str = "spectral_discriminator"
) -> keras.Model:
    """Build a plain discriminator of bounded slope: DCGAN's strided convolutions under spectral normalisation.

    Miyato et al., 2018: spectral normalisation in every layer and no batch normalisation, here on the 4x4 convolutions
    of DCGAN (Radford et al., 2016) with LeakyReLU of slope 0.2. Several times faster a step than the residual
    ``sngan_discriminator``.

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        filters: channels of the first convolution, at least 1; doubled at each halving.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> spectral_discriminator((28, 28, 1), filters=4).output_shape
        (None, 1)
    """
    require_channels_last()
    images, x = _features(image_shape, filters)
    logits = SpectralNormalization(layers.Dense(1, dtype=keras.config.floatx(), name="logit"), name="logit_sn")(x)
    return keras.Model(images, logits, name=name)


def spectral_acgan_discriminator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    filters: int = 64,
    *,
    name: str = "spectral_acgan_discriminator",
) -> keras.Model:
    """Build a discriminator that also tells the class: ``spectral_discriminator`` with the two heads of ACGAN.

    Odena et al., 2017. The heads are not normalised. Without batch statistics an image's class does not depend on the
    batch that it comes in, as it does in ``acgan_discriminator``.

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


def _features(image_shape: tuple[int, int, int], filters: int) -> tuple[Any, Any]:
    """Returns the input images and the flattened features of the convolutions."""
    _, stages = halvings(image_shape)
    check_widths(filters=filters)
    images = x = keras.Input(tuple(image_shape), name="images")
    for stage in range(stages):
        convolution = layers.Conv2D(filters * 2**stage, 4, strides=2, padding="same", name=f"down{stage + 1}")
        x = SpectralNormalization(convolution, name=f"{convolution.name}_sn")(x)
        x = layers.LeakyReLU(0.2, name=f"relu{stage + 1}")(x)
    return images, layers.Flatten(name="flatten")(x)
