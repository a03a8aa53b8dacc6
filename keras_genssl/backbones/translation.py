"""Networks that translate images: ResNet and U-Net generators, patch discriminators."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers
from keras import layers as keras_layers

from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import CropToSize, InstanceNormalization, LeakyReLU, PadToMultiple, ReflectionPadding2D


def resnet_translator(
    image_shape: tuple[int | None, int | None, int],
    output_channels: int | None = None,
    filters: int = 64,
    blocks: int = 9,
    *,
    downsamplings: int = 2,
    normalization: Callable[..., keras.layers.Layer] = InstanceNormalization,
    name: str = "resnet_translator",
) -> keras.Model:
    """Build the generator of CycleGAN: down, residual blocks, up.

    Zhu et al., 2017, Appendix 7.2, after Johnson et al., 2016: c7s1-64, d128, d256, R256 (6 blocks for 128 pixels, 9
    from 256 on), u128, u64, c7s1-3, reflection padding before the convolutions of stride 1, weights from N(0, 0.02).
    Convolutions before a normalisation have no bias, since it would cancel.

    Images of any size come out in their own: those whose sides are no multiples of ``2 ** downsamplings``, or less
    than twice it, are padded by reflection first, and what comes out is cropped.

    Reference:
        - Zhu et al. 2017, [Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
          Networks](https://arxiv.org/abs/1703.10593)
        - Johnson et al. 2016, [Perceptual Losses for Real-Time Style Transfer and
          Super-Resolution](https://arxiv.org/abs/1603.08155)

    Args:
        image_shape: ``(height, width, channels)``; sizes may be None.
        output_channels: channels of the output; by default those of the input.
        filters: channels at full size, positive; each down-sampling doubles them.
        blocks: residual blocks, at least 1.
        downsamplings: number of halvings of the size, at least 0; the paper's two suit 128 pixels and more.
        normalization: function of ``name`` that makes a normalisation layer.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` to float32 ``(batch, h, w, output_channels)``, both in [-1, 1].

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> resnet_translator((28, 28, 1), filters=4, blocks=1).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    if filters < 1 or blocks < 1 or downsamplings < 0:
        raise ValueError(
            "`filters` and `blocks` must be at least 1, `downsamplings` at least 0. "
            f"Received: filters={filters}, blocks={blocks}, downsamplings={downsamplings}"
        )
    multiple = 2**downsamplings
    # A block's reflection takes at least 2 pixels, that of the head 4.
    minimum = max(2 * multiple, 4)
    fits = all(size is not None and size % multiple == 0 and size >= minimum for size in image_shape[:2])
    draw = keras.initializers.RandomNormal(stddev=0.02)

    def conv(x: Any, width: int, size: int, prefix: str, strides: int = 1, dtype: str | None = None) -> Any:
        if strides == 1:
            x = ReflectionPadding2D(size // 2, name=f"{prefix}_pad")(x)
        return layers.Conv2D(
            width,
            size,
            strides=strides,
            padding="valid" if strides == 1 else "same",
            use_bias=prefix == "tail",
            kernel_initializer=draw.clone(),
            dtype=dtype,
            name=f"{prefix}_conv",
        )(x)

    def norm_relu(x: Any, prefix: str) -> Any:
        return layers.ReLU(name=f"{prefix}_relu")(normalization(name=f"{prefix}_norm")(x))

    images = keras.Input(image_shape, name="images")
    x = images if fits else PadToMultiple(multiple, minimum, name="pad")(images)
    x = norm_relu(conv(x, filters, 7, "head"), "head")
    for index in range(1, downsamplings + 1):
        x = norm_relu(conv(x, filters * 2**index, 3, f"down{index}", strides=2), f"down{index}")
    for index in range(1, blocks + 1):
        y = norm_relu(conv(x, x.shape[-1], 3, f"block{index}_1"), f"block{index}_1")
        y = normalization(name=f"block{index}_2_norm")(conv(y, x.shape[-1], 3, f"block{index}_2"))
        x = layers.Add(name=f"block{index}_add")([x, y])
    for index in range(1, downsamplings + 1):
        x = layers.Conv2DTranspose(
            x.shape[-1] // 2,
            3,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=draw.clone(),
            name=f"up{index}_conv",
        )(x)
        x = norm_relu(x, f"up{index}")
    x = conv(x, output_channels or image_shape[-1], 7, "tail", dtype=keras.config.floatx())
    if not fits:
        x = CropToSize(dtype=keras.config.floatx(), name="crop")([x, images])
    return keras.Model(images, layers.Activation("tanh", dtype=keras.config.floatx(), name="tanh")(x), name=name)


_MAX_WIDENING = 8  # the paper's channels stop doubling at 512 = 8 * 64
_NUM_NOISY = 3  # blocks of the decoder with dropout


def unet_generator(
    image_shape: tuple[int | None, int | None, int],
    output_channels: int | None = None,
    filters: int = 64,
    *,
    halvings: int | None = None,
    dropout: float = 0.5,
    normalization: Callable[..., keras.layers.Layer] = InstanceNormalization,
    name: str = "unet_generator",
) -> keras.Model:
    """Build the generator of pix2pix: an encoder down to one pixel and a decoder back, with a skip at each size.

    Isola et al., 2017, Appendix 6.1.1: convolutions of 4x4 and stride 2, C64-C128-C256-C512-C512-... down, leaky ReLU
    0.2; as many transposed ones up, whose first three have dropout, the method's only noise; no normalisation after the
    first convolution and at 1x1, no bias before one, where it would cancel; weights from N(0, 0.02). The paper's batch
    normalisation with a batch of 1 is the default instance normalisation.

    Images of any size come out in their own. Without ``halvings`` those whose sides are no power of 2 (28 pixels) are
    padded to the next one by reflection, and the output is cropped; the shorter side is halved to one pixel. With it
    they are padded to multiples of ``2 ** halvings``: the network takes any size, and where the paper's 256 pixels
    leave one, larger images leave more.

    Reference:
        - Isola et al. 2017, [Image-to-Image Translation with Conditional Adversarial
          Networks](https://arxiv.org/abs/1611.07004)

    Args:
        image_shape: ``(height, width, channels)``, at least 8 pixels high and wide; with ``halvings`` sizes may be
            less, or None.
        output_channels: channels of the output; by default those of the input.
        filters: channels of the first convolution, positive; they double up to 8 times.
        halvings: number of halvings of the size, at least 3 (8 in the paper); None to halve down to one pixel.
        dropout: rate of the noise, in [0, 1).
        normalization: function of ``name`` that makes a normalisation layer.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` to float32 ``(batch, h, w, output_channels)``, both in [-1, 1].

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> unet_generator((28, 28, 1), output_channels=3, filters=4).output_shape
        (None, 28, 28, 3)
    """
    require_channels_last()
    if halvings is None:
        depth, multiple = _to_one_pixel(image_shape)
    else:
        depth, multiple = halvings, (2**halvings, 2**halvings)
    if depth < 3:
        raise ValueError(f"`halvings` must be at least 3. Received: halvings={halvings}")
    if filters < 1:
        raise ValueError(f"`filters` must be at least 1. Received: filters={filters}")
    if not 0 <= dropout < 1:
        raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
    fits = all(size is not None and size % each == 0 for size, each in zip(image_shape[:2], multiple, strict=True))
    widths = [filters * min(2**level, _MAX_WIDENING) for level in range(depth)]
    draw = keras.initializers.RandomNormal(stddev=0.02)

    images = keras.Input(image_shape, name="images")
    x = images if fits else PadToMultiple(multiple, name="pad")(images)
    skips = []
    for level, width in enumerate(widths, start=1):
        if level > 1:
            x = layers.LeakyReLU(0.2, name=f"down{level}_relu")(x)
        x = layers.Conv2D(
            width,
            4,
            strides=2,
            padding="same",
            use_bias=level in (1, depth),
            kernel_initializer=draw.clone(),
            name=f"down{level}_conv",
        )(x)
        if 1 < level < depth:
            x = normalization(name=f"down{level}_norm")(x)
        skips.append(x)
    skips.pop()
    for level in range(1, depth + 1):
        last = level == depth
        x = layers.ReLU(name=f"up{level}_relu")(x)
        x = layers.Conv2DTranspose(
            (output_channels or image_shape[-1]) if last else skips[-1].shape[-1],
            4,
            strides=2,
            padding="same",
            use_bias=last,
            kernel_initializer=draw.clone(),
            dtype=keras.config.floatx() if last else None,
            name=f"up{level}_conv",
        )(x)
        if last:
            break
        x = normalization(name=f"up{level}_norm")(x)
        if dropout and level <= _NUM_NOISY:
            x = layers.Dropout(dropout, name=f"up{level}_dropout")(x)
        x = layers.Concatenate(name=f"up{level}_skip")([skips.pop(), x])
    if not fits:
        x = CropToSize(dtype=keras.config.floatx(), name="crop")([x, images])
    return keras.Model(images, layers.Activation("tanh", dtype=keras.config.floatx(), name="tanh")(x), name=name)


def _to_one_pixel(image_shape: tuple[int | None, int | None, int]) -> tuple[int, tuple[int, int]]:
    """Returns how often the shorter side is halved to one pixel, and height and width rounded up to powers of 2."""
    height, width = image_shape[:2]
    if height is None or width is None or min(height, width) < 8:
        raise ValueError(
            "`image_shape` must be known and at least 8 pixels high and wide, or `halvings` be given. "
            f"Received: image_shape={image_shape}"
        )
    powers = (1 << (height - 1).bit_length(), 1 << (width - 1).bit_length())
    return min(powers).bit_length() - 1, powers


def patch_discriminator(
    image_shape: tuple[int | None, int | None, int],
    filters: int = 64,
    layers: int = 3,
    *,
    normalization: Callable[..., keras.layers.Layer] = InstanceNormalization,
    name: str = "patch_discriminator",
) -> keras.Model:
    """Build a PatchGAN discriminator: one logit for each of many overlapping patches.

    Isola et al., 2017, Appendix 6.1.2: convolutions of 4x4, ``layers`` of them halving the image, then two of stride 1;
    leaky ReLU 0.2, no normalisation after the first, weights from N(0, 0.02), no bias before a normalisation, which
    would cancel it. A logit sees a patch of 70x70 pixels with 3 layers (C64-C128-C256-C512), 34 with 2, 16 with 1.

    Reference:
        - Isola et al. 2017, [Image-to-Image Translation with Conditional Adversarial
          Networks](https://arxiv.org/abs/1611.07004)

    Args:
        image_shape: ``(height, width, channels)``; sizes may be None. A conditional discriminator sees the
            channels of condition and image together.
        filters: channels of the first convolution, positive; each further one doubles them, up to 8 times.
        layers: convolutions of stride 2, at least 1.
        normalization: function of ``name`` that makes a normalisation layer.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 logits ``(batch, h', w', 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range, or the image too small for the layers.

    Example:
        >>> patch_discriminator((256, 256, 6)).output_shape
        (None, 30, 30, 1)
    """
    require_channels_last()
    if filters < 1 or layers < 1:
        raise ValueError(f"`filters` and `layers` must be at least 1. Received: filters={filters}, layers={layers}")
    for size in image_shape[:2]:
        if size is not None and size < 3 * 2**layers:
            raise ValueError(
                f"`image_shape` must be at least {3 * 2**layers} pixels high and wide for {layers} layers. "
                f"Received: image_shape={image_shape}"
            )
    draw = keras.initializers.RandomNormal(stddev=0.02)

    def conv(x: Any, width: int, strides: int, prefix: str, dtype: str | None = None) -> Any:
        x = keras_layers.ZeroPadding2D(1, name=f"{prefix}_pad")(x)
        convolution = keras_layers.Conv2D(
            width,
            4,
            strides=strides,
            use_bias=prefix in ("patch1", "logits"),
            kernel_initializer=draw.clone(),
            dtype=dtype,
            name=f"{prefix}_conv",
        )
        return convolution(x)

    images = keras.Input(image_shape, name="images")
    x = LeakyReLU(0.2, name="patch1_relu")(conv(images, filters, 2, "patch1"))
    for index in range(2, layers + 2):
        strides = 2 if index <= layers else 1
        x = conv(x, filters * min(2 ** (index - 1), 8), strides, f"patch{index}")
        x = LeakyReLU(0.2, name=f"patch{index}_relu")(normalization(name=f"patch{index}_norm")(x))
    return keras.Model(images, conv(x, 1, 1, "logits", dtype=keras.config.floatx()), name=name)
