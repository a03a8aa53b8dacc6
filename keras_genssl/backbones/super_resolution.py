"""Networks that enlarge images: SRCNN, ESPCN, EDSR, and those of SRGAN."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.sizes import check_scale, stages
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import BatchNormalization, BicubicUpsampling, LeakyReLU, PixelShuffle


def srcnn(
    filters: tuple[int, int] = (64, 32),
    kernels: tuple[int, int, int] = (9, 1, 5),
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    name: str = "srcnn",
) -> keras.Model:
    """Build SRCNN: patch extraction, non-linear mapping and reconstruction, on an interpolated image.

    Dong et al., 2014. Deviations: convolutions pad with zeros, so the output has the input's size (the paper's output
    is smaller); all colour channels at once; Glorot initialisation.

    Reference:
        - Dong et al. 2014, [Image Super-Resolution Using Deep Convolutional Networks](https://arxiv.org/abs/1501.00092)

    Args:
        filters: channels of the two hidden convolutions.
        kernels: sizes of the three kernels.
        input_shape: ``(height, width, channels)``; sizes may be None.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 of the same shape.

    Raises:
        ValueError: if ``filters`` has not two entries or ``kernels`` has not three.

    Example:
        >>> srcnn().count_params()
        20099
    """
    require_channels_last()
    if len(filters) != 2 or len(kernels) != 3:
        raise ValueError(
            f"`filters` must have two entries and `kernels` three. Received: filters={filters}, kernels={kernels}"
        )
    images = x = keras.Input(input_shape, name="images")
    for index, (width, kernel) in enumerate(zip(filters, kernels[:2], strict=True), start=1):
        x = layers.Conv2D(width, kernel, padding="same", activation="relu", name=f"conv{index}")(x)
    x = layers.Conv2D(input_shape[-1], kernels[2], padding="same", dtype=keras.config.floatx(), name="conv3")(x)
    return keras.Model(images, x, name=name)


def espcn(
    scale: int,
    filters: tuple[int, int] = (64, 32),
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    name: str = "espcn",
) -> keras.Model:
    """Build ESPCN: two tanh convolutions on the small image and a sub-pixel convolution.

    Shi et al., 2016, with all colour channels at once.

    Reference:
        - Shi et al. 2016, [Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
          Neural Network](https://arxiv.org/abs/1609.05158)

    Args:
        scale: enlargement, 2, 3 or 4.
        filters: channels of the two hidden convolutions (kernels 5 and 3).
        input_shape: ``(height, width, channels)`` of the small image; sizes may be None.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 ``(batch, scale h, scale w, c)``.

    Raises:
        ValueError: if ``scale`` is not 2, 3 or 4, or if ``filters`` does not have two entries.

    Example:
        >>> espcn(3).output_shape
        (None, None, None, 3)
    """
    require_channels_last()
    check_scale(scale)
    if len(filters) != 2:
        raise ValueError(f"`filters` must have two entries. Received: filters={filters}")
    channels = input_shape[-1]
    images = keras.Input(input_shape, name="images")
    x = layers.Conv2D(filters[0], 5, padding="same", activation="tanh", name="conv1")(images)
    x = layers.Conv2D(filters[1], 3, padding="same", activation="tanh", name="conv2")(x)
    x = layers.Conv2D(channels * scale**2, 3, padding="same", dtype=keras.config.floatx(), name="conv3")(x)
    x = PixelShuffle(scale, dtype=keras.config.floatx(), name="shuffle")(x)
    return keras.Model(images, x, name=name)


UPSAMPLERS = ("pixelshuffle", "pixelshuffledirect")


def _conv(filters: int, name: str, activation: str | None = None) -> keras.layers.Layer:
    # Glorot, Keras' default: 2,000 steps of 4 blocks gave 0.10 dB more than the authors' (PyTorch's default).
    return layers.Conv2D(filters, 3, padding="same", activation=activation, name=name)


def _block(x: Any, filters: int, residual_scaling: float, name: str) -> Any:
    y = _conv(filters, f"{name}_conv1", activation="relu")(x)
    y = _conv(filters, f"{name}_conv2")(y)
    if residual_scaling != 1.0:
        y = layers.Rescaling(residual_scaling, name=f"{name}_scaling")(y)
    return layers.Add(name=f"{name}_add")([x, y])


def edsr(
    scale: int = 2,
    filters: int = 64,
    blocks: int = 16,
    residual_scaling: float = 1.0,
    upsampler: str = "pixelshuffle",
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    name: str = "edsr",
) -> keras.Model:
    """Build EDSR (the defaults are the paper's baseline; 256 filters, 32 blocks and 0.1 its large model).

    Lim et al., 2017: residual blocks without batch normalisation, a skip over all of them, sub-pixel up-sampling (scale
    4 in two stages). Deviations: the network's output is added to the bicubic enlargement of the input, and its last
    convolution starts at zero, so training starts at bicubic. There is no mean shift, since images lie in [-1, 1].

    Reference:
        - Lim et al. 2017, [Enhanced Deep Residual Networks for Single Image
          Super-Resolution](https://arxiv.org/abs/1707.02921)

    Args:
        scale: enlargement, 2, 3 or 4.
        filters: channels of every hidden convolution, positive.
        blocks: residual blocks, at least 1.
        residual_scaling: factor on each block's branch, in (0, 1].
        upsampler: "pixelshuffle", the paper's: hidden channels are shuffled up to the large size, where the
            last convolution works; or "pixelshuffledirect", as light networks have it: the last convolution
            works at the small size and its output is shuffled (1.6 times faster on CPU at 6 blocks of 32).
        input_shape: ``(height, width, channels)`` of the small image; sizes may be None.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 ``(batch, scale h, scale w, c)``,
        unclipped.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> edsr(scale=2).count_params()
        1369859
    """
    require_channels_last()
    factors = stages(scale)
    if filters < 1 or blocks < 1:
        raise ValueError(f"`filters` and `blocks` must be at least 1. Received: filters={filters}, blocks={blocks}")
    if not 0.0 < residual_scaling <= 1.0:
        raise ValueError(f"`residual_scaling` must lie in (0, 1]. Received: residual_scaling={residual_scaling}")
    if upsampler not in UPSAMPLERS:
        raise ValueError(f"`upsampler` must be one of {UPSAMPLERS}. Received: upsampler={upsampler!r}")
    images = keras.Input(input_shape, name="images")
    head = x = _conv(filters, "head")(images)
    for index in range(1, blocks + 1):
        x = _block(x, filters, residual_scaling, f"block{index}")
    x = layers.Add(name="body_add")([head, _conv(filters, "body")(x)])
    channels = input_shape[-1]
    if upsampler == "pixelshuffle":
        for index, factor in enumerate(factors, start=1):
            x = _conv(filters * factor**2, f"up{index}_conv")(x)
            x = PixelShuffle(factor, name=f"up{index}_shuffle")(x)
        x = layers.Conv2D(channels, 3, padding="same", kernel_initializer="zeros", name="tail")(x)
    else:
        x = layers.Conv2D(channels * scale**2, 3, padding="same", kernel_initializer="zeros", name="tail")(x)
        x = PixelShuffle(scale, name="tail_shuffle")(x)
    bicubic = BicubicUpsampling(scale, dtype=keras.config.floatx(), name="bicubic")(images)
    return keras.Model(images, layers.Add(dtype=keras.config.floatx(), name="output_add")([bicubic, x]), name=name)


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
    x = LeakyReLU(0.2, name="relu1")(x)
    for index in range(2, 9):
        width, strides = filters * 2 ** ((index - 1) // 2), 2 - index % 2
        x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False, name=f"conv{index}")(x)
        x = BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name=f"norm{index}")(x)
        x = LeakyReLU(0.2, name=f"relu{index}")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = LeakyReLU(0.2, name="dense_relu")(layers.Dense(dense, name="dense")(x))
    return keras.Model(images, layers.Dense(1, dtype=keras.config.floatx(), name="logit")(x), name=name)
