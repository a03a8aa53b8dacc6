"""Pix2pix' generator: a U-Net."""

from collections.abc import Callable

import keras
from keras import layers

from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import CropToSize, InstanceNormalization, PadToMultiple

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
