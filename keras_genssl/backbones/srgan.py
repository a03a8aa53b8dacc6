"""SRGAN's two networks."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.upsampling import stages
from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import BatchNormalization, PixelShuffle

# PyTorch's value, in Keras' convention: there are many patches, and the moving statistics must follow the weights.
_MOMENTUM = 0.9


def _prelu(name: str) -> keras.layers.Layer:
    return layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25), shared_axes=(1, 2), name=name)


def srresnet(
    scale: int,
    filters: int = 64,
    blocks: int = 16,
    *,
    synchronized: bool = True,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    name: str = "srresnet",
) -> keras.Model:
    """Build SRResNet, the generator of SRGAN.

    Ledig et al., 2017: residual blocks with batch normalisation and PReLU (one slope per channel), a skip over all of
    them, sub-pixel up-sampling (scale 4 in two stages), 9x9 convolutions at both ends, no activation at the output.
    Batch normalisation has Keras' epsilon of 1e-3 (1e-5 in PyTorch, where the network is mostly trained; the authors
    published no code).

    Reference:
        - Ledig et al. 2017, [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
          Network](https://arxiv.org/abs/1609.04802)

    Args:
        scale: enlargement, 2, 3 or 4.
        filters: channels of every hidden convolution, positive.
        blocks: residual blocks, at least 1.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        input_shape: ``(height, width, channels)`` of the small image; sizes may be None.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 ``(batch, scale h, scale w, c)``,
        unclipped.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> srresnet(4, filters=8, blocks=1).output_shape
        (None, None, None, 3)
    """
    require_channels_last()
    factors = stages(scale)
    if filters < 1 or blocks < 1:
        raise ValueError(f"`filters` and `blocks` must be at least 1. Received: filters={filters}, blocks={blocks}")

    def conv_norm(x: Any, prefix: str) -> Any:
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{prefix}_conv")(x)
        return BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name=f"{prefix}_norm")(x)

    images = keras.Input(input_shape, name="images")
    x = layers.Conv2D(filters, 9, padding="same", name="head_conv")(images)
    head = x = _prelu("head_prelu")(x)
    for index in range(1, blocks + 1):
        y = _prelu(f"block{index}_prelu")(conv_norm(x, f"block{index}_1"))
        x = layers.Add(name=f"block{index}_add")([x, conv_norm(y, f"block{index}_2")])
    x = layers.Add(name="body_add")([head, conv_norm(x, "body")])
    for index, factor in enumerate(factors, start=1):
        x = layers.Conv2D(filters * factor**2, 3, padding="same", name=f"up{index}_conv")(x)
        x = PixelShuffle(factor, name=f"up{index}_shuffle")(x)
        x = _prelu(f"up{index}_prelu")(x)
    x = layers.Conv2D(input_shape[-1], 9, padding="same", dtype=keras.config.floatx(), name="tail")(x)
    return keras.Model(images, x, name=name)


def srgan_discriminator(
    filters: int = 64,
    dense: int = 1024,
    *,
    synchronized: bool = True,
    input_shape: tuple[int | None, int | None, int] = (96, 96, 3),
    name: str = "srgan_discriminator",
) -> keras.Model:
    """Build SRGAN's discriminator: eight convolutions, halving the image and doubling the channels in turn.

    Ledig et al., 2017. Deviations: global average pooling instead of flattening, so that one network judges patches of
    any size; it returns the logit, not its sigmoid. Epsilon as in `srresnet`.

    Reference:
        - Ledig et al. 2017, [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
          Network](https://arxiv.org/abs/1609.04802)

    Args:
        filters: channels of the first convolution, positive; the last has eight times as many.
        dense: units of the hidden dense layer, positive.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        input_shape: ``(height, width, channels)`` of the large image; sizes may be None.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if ``filters`` or ``dense`` is not positive.

    Example:
        >>> srgan_discriminator(filters=8, dense=16).output_shape
        (None, 1)
    """
    require_channels_last()
    if filters < 1 or dense < 1:
        raise ValueError(f"`filters` and `dense` must be at least 1. Received: filters={filters}, dense={dense}")

    images = keras.Input(input_shape, name="images")
    x = layers.Conv2D(filters, 3, padding="same", name="conv1")(images)
    x = layers.LeakyReLU(0.2, name="relu1")(x)
    for index in range(2, 9):
        width, strides = filters * 2 ** ((index - 1) // 2), 2 - index % 2
        x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False, name=f"conv{index}")(x)
        x = BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name=f"norm{index}")(x)
        x = layers.LeakyReLU(0.2, name=f"relu{index}")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.LeakyReLU(0.2, name="dense_relu")(layers.Dense(dense, name="dense")(x))
    return keras.Model(images, layers.Dense(1, dtype=keras.config.floatx(), name="logit")(x), name=name)
