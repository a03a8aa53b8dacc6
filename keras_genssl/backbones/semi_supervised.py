"""The discriminator of a semi-supervised GAN, which is a classifier."""

import keras
from keras import layers

from keras_genssl.backbones.sizes import check_widths, halvings
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import LeakyReLU, WeightNormalization


def semi_supervised_discriminator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    filters: int = 32,
    *,
    input_dropout: float = 0.2,
    dropout: float = 0.5,
    name: str = "semi_supervised_discriminator",
) -> keras.Model:
    """Build a classifier with features to match: convolutions under weight normalisation, with dropout.

    Salimans et al., 2016, for CIFAR-10: 3x3 convolutions, the last of each block of stride 2, with dropout before each
    block, then a 3x3 convolution without padding, a 1x1 convolution, the mean over space and the logits; LeakyReLU of
    slope 0.2 and weight normalisation everywhere. There is a block for each halving down to 4x4 (7x7 for 28 pixels);
    the first has ``filters`` channels (paper: 96), all others twice as many. No layer uses batch statistics, so the
    class of an image does not depend on the other images of its batch. Deviations: two convolutions in a block and one
    of 1x1, where the paper has three and two; weights begin as He et al. draw them, without a first batch that sets
    their lengths.

    Reference:
        - Salimans et al. 2016, [Improved Techniques for Training GANs](https://arxiv.org/abs/1606.03498)
        - Salimans and Kingma 2016, [Weight Normalization](https://arxiv.org/abs/1602.07868)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        num_classes: number of classes, at least 2.
        filters: channels of the first block, at least 1.
        input_dropout: the share of the input's values that is dropped in training, in [0, 1).
        dropout: the share of each block's output that is dropped in training, in [0, 1).
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 ``[class logits (batch, num_classes),
        features (batch, 2 * filters)]``; the logits are a linear map of the features.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> [output.shape for output in semi_supervised_discriminator((28, 28, 1), 10, filters=4).outputs]
        [(None, 10), (None, 8)]
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(filters=filters)
    if num_classes < 2:
        raise ValueError(f"`num_classes` must be at least 2. Received: num_classes={num_classes}")
    for argument, share in (("input_dropout", input_dropout), ("dropout", dropout)):
        if not 0.0 <= share < 1.0:
            raise ValueError(f"`{argument}` must lie in [0, 1). Received: {argument}={share}")

    def convolution(
        x: keras.KerasTensor, width: int, size: int, strides: int, padding: str, at: str
    ) -> keras.KerasTensor:
        layer = layers.Conv2D(
            width, size, strides=strides, padding=padding, kernel_initializer="he_normal", name=f"conv{at}"
        )
        return LeakyReLU(0.2, name=f"relu{at}")(WeightNormalization(layer, name=f"conv{at}_wn")(x))

    images = x = keras.Input(tuple(image_shape), name="images")
    if input_dropout:
        x = layers.Dropout(input_dropout, name="dropout0")(x)
    for stage in range(1, stages + 1):
        width = filters if stage == 1 else 2 * filters
        x = convolution(x, width, 3, 1, "same", f"{stage}_1")
        x = convolution(x, width, 3, 2, "same", f"{stage}_2")
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout{stage}")(x)
    x = convolution(x, 2 * filters, 3, 1, "valid", f"{stages + 1}_1")
    x = convolution(x, 2 * filters, 1, 1, "same", f"{stages + 1}_2")
    features = layers.GlobalAveragePooling2D(dtype=keras.config.floatx(), name="features")(x)
    logits = layers.Dense(num_classes, dtype=keras.config.floatx(), name="logits")
    classes = WeightNormalization(logits, dtype=keras.config.floatx(), name="logits_wn")(features)
    return keras.Model(images, [classes, features], name=name)
