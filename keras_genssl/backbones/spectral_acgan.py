"""A discriminator of ACGAN with spectral normalisation."""

import keras
from keras import layers

from keras_genssl.backbones.image_sizes import check_widths, halvings
from keras_genssl.layers import SpectralNormalization


def spectral_acgan_discriminator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    filters: int = 64,
    *,
    name: str = "spectral_acgan_discriminator",
) -> keras.Model:
    """Build a discriminator that also tells the class, of bounded slope: real or not, and of which class.

    DCGAN's strided 4x4 convolutions (Radford et al., 2016, https://arxiv.org/abs/1511.06434) under spectral
    normalisation (Miyato et al., 2018, https://arxiv.org/abs/1802.05957) in place of batch normalisation, LeakyReLU
    of slope 0.2, and the two heads of ACGAN (Odena et al., 2017, https://arxiv.org/abs/1610.09585). The heads are not
    normalised. A third of the time of ``acgan_discriminator`` a step, and, without batch statistics, an image's class
    does not depend on the batch that it comes in.

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
    _, stages = halvings(image_shape)
    check_widths(num_classes=num_classes, filters=filters)
    images = x = keras.Input(tuple(image_shape), name="images")
    for stage in range(stages):
        convolution = layers.Conv2D(filters * 2**stage, 4, strides=2, padding="same", name=f"down{stage + 1}")
        x = SpectralNormalization(convolution, name=f"{convolution.name}_sn")(x)
        x = layers.LeakyReLU(0.2, name=f"relu{stage + 1}")(x)
    x = layers.Flatten(name="flatten")(x)
    initializer = keras.initializers.RandomNormal(0.0, 0.02)
    logits = layers.Dense(1, kernel_initializer=initializer, dtype=keras.config.floatx(), name="logit")(x)
    classes = layers.Dense(num_classes, kernel_initializer=initializer, dtype=keras.config.floatx(), name="classes")(x)
    return keras.Model(images, [logits, classes], name=name)
