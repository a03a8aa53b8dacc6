"""ACGAN's discriminator."""

import keras
from keras import layers

from keras_genssl.backbones.image_sizes import check_widths, halvings
from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import BatchNormalization

_MOMENTUM = 0.9
_EPSILON = 1.001e-5


def acgan_discriminator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    filters: int = 16,
    *,
    dropout: float = 0.5,
    synchronized: bool = True,
    name: str = "acgan_discriminator",
) -> keras.Model:
    """Build ACGAN's discriminator, which predicts real or fake, and the class.

    Odena et al., 2017, Tables 1 and 2: 3x3 convolutions, alternately of stride 2 and 1, each with twice the channels of
    the previous one; batch normalisation except in the first; LeakyReLU of slope 0.2; dropout after each; weights
    N(0, 0.02). There is a pair of convolutions for each halving, down to 4x4 (7x7 for 28 pixels), with at most 512
    channels for the paper's ``filters=16``: the paper's six layers for 32 pixels. Deviation: there are eight and ten
    layers at 64 and 128 pixels; the paper has six at 128 too, and stops at 16x16. The generator is
    ``dcgan_generator(image_shape, num_classes=...)``.

    Reference:
        - Odena et al. 2017, [Conditional Image Synthesis with Auxiliary Classifier
          GANs](https://arxiv.org/abs/1610.09585)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        num_classes: number of classes, at least 1.
        filters: channels of the first convolution, at least 1.
        dropout: the share of activations dropped, in [0, 1).
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 ``[logits (batch, 1), class logits
        (batch, num_classes)]``, logits high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> [output.shape for output in acgan_discriminator((28, 28, 1), num_classes=10, filters=4).outputs]
        [(None, 1), (None, 10)]
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(num_classes=num_classes, filters=filters)
    if not 0.0 <= dropout < 1.0:
        raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
    initializer = keras.initializers.RandomNormal(0.0, 0.02)

    images = x = keras.Input(tuple(image_shape), name="images")
    for index in range(2 * stages):
        x = layers.Conv2D(
            filters * 2 ** min(index, 5),
            3,
            strides=2 - index % 2,
            padding="same",
            use_bias=index == 0,
            kernel_initializer=initializer,
            name=f"conv{index + 1}",
        )(x)
        if index:
            x = BatchNormalization(
                momentum=_MOMENTUM, epsilon=_EPSILON, synchronized=synchronized, name=f"norm{index + 1}"
            )(x)
        x = layers.LeakyReLU(0.2, name=f"relu{index + 1}")(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout{index + 1}")(x)
    x = layers.Flatten(name="flatten")(x)
    logits = layers.Dense(1, kernel_initializer=initializer, dtype=keras.config.floatx(), name="logit")(x)
    classes = layers.Dense(num_classes, kernel_initializer=initializer, dtype=keras.config.floatx(), name="classes")(x)
    return keras.Model(images, [logits, classes], name=name)
