"""The networks of StyleGAN2: a synthesis that sums colours of all sides, a residual discriminator."""

import itertools
import math
from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.output_activation import activated
from keras_genssl.backbones.style import doubled, halved, judged, style_widths, styles_input
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import EqualizedConv2D, LeakyReLU, LearnedConstant, ModulatedConv2D, NoiseInjection


def style2_synthesis(
    image_shape: tuple[int, int, int],
    style_dim: int = 512,
    filters: int = 64,
    *,
    max_filters: int = 512,
    noise: bool = True,
    output_activation: str | None = None,
    name: str = "style2_synthesis",
) -> keras.Model:
    """Build StyleGAN2's synthesis: modulated convolutions, and an image that is the sum of those of all sides.

    Karras et al., 2020, Sections 2 and 4.1: a constant of 4x4 (7x7 for 28 pixels) from N(0, 1); one layer at its side,
    two at each further one. Each is a 3x3 convolution whose kernel the style modulates, noise, bias and LeakyReLU of
    slope 0.2. At each side a modulated 1x1 convolution makes colours, by the same style as the layer that follows; they
    are added to the doubled colours of the smaller side. Deviation: sides are doubled by bilinear interpolation before
    the convolution, the paper's code doubles by a transposed convolution and filters after it; the two differ at
    borders alone. The paper's network is for 1024 pixels, with ``filters=32`` and at most 512.

    Reference:
        - Karras et al. 2020, [Analyzing and Improving the Image Quality of
          StyleGAN](https://arxiv.org/abs/1912.04958)

    Args:
        image_shape: ``(side, side, channels)``, the side 28 or a power of two of at least 8, channels 1 or 3.
        style_dim: length of the styles, at least 1.
        filters: channels at the side of the image, at least 1; doubled inwards.
        max_filters: the most channels, at least 1.
        noise: whether there are layers of noise.
        output_activation: activation of the images: None as in the papers, or "tanh". Where many pixels are black or
            white, as around garments and digits, a discriminator tells unbounded images by these pixels alone.
        name: the model's name.

    Returns:
        A model from styles ``(batch, num_styles, style_dim)``, two a side, to float32 images ``(batch, *image_shape)``
        that may leave [-1, 1] without an activation.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> network = style2_synthesis((28, 28, 1), style_dim=8, filters=4)
        >>> network.input_shape, network.output_shape
        ((None, 6, 8), (None, 28, 28, 1))
    """
    require_channels_last()
    side, widths = style_widths(image_shape, filters, max_filters)
    styles, style = styles_input(2 * len(widths), style_dim)
    normal = keras.initializers.RandomNormal(0.0, 1.0)

    def convolved(x: Any, number: int, width: int) -> Any:
        x = ModulatedConv2D(width, 3, name=f"conv{number}")([x, style[number]])
        if noise:
            x = NoiseInjection(seed=number, name=f"noise{number}")(x)
        return LeakyReLU(0.2, name=f"relu{number}")(x)

    images = None
    x = LearnedConstant((side, side, widths[-1]), normal, name="constant")(styles)
    for stage, width in enumerate(reversed(widths)):
        if stage:
            x = convolved(doubled(x, f"double{stage}"), 2 * stage - 1, width)
            images = doubled(images, f"double_images{stage}")
        x = convolved(x, 2 * stage, width)
        colours = ModulatedConv2D(
            image_shape[-1], 1, demodulate=False, gain=1.0, dtype=keras.config.floatx(), name=f"images{stage}"
        )([x, style[2 * stage + 1]])
        images = colours if images is None else layers.Add(dtype=colours.dtype, name=f"sum{stage}")([images, colours])
    return keras.Model(styles, activated(images, output_activation), name=name)


def style2_discriminator(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    max_filters: int = 512,
    group_size: int = 4,
    name: str = "style2_discriminator",
) -> keras.Model:
    """Build StyleGAN2's discriminator: residual blocks, filtered before each halving.

    Karras et al., 2020, Section 4.1: each block is two 3x3 convolutions with LeakyReLU of slope 0.2, beside a 1x1
    convolution; the sum is divided by √2. Weights are of equalized learning rate; there is no normalisation; at the end
    comes the deviation within groups of ``group_size`` images. Deviation: the second convolution follows the filter and
    the halving, as the paper's, but the halving is the mean of 2x2 after ``[1, 2, 1]``, not every second pixel after
    ``[1, 3, 3, 1]``, which is the same filter.

    Reference:
        - Karras et al. 2020, [Analyzing and Improving the Image Quality of
          StyleGAN](https://arxiv.org/abs/1912.04958)

    Args:
        image_shape: ``(side, side, channels)``, the side 28 or a power of two of at least 8, channels 1 or 3.
        filters: channels at the side of the image, at least 1; doubled inwards.
        max_filters: the most channels, at least 1.
        group_size: images compared with one another, at least 2; a divisor of each replica's batch.
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> style2_discriminator((28, 28, 1), filters=4).output_shape
        (None, 1)
    """
    require_channels_last()
    _, widths = style_widths(image_shape, filters, max_filters)
    images = keras.Input(tuple(image_shape), name="images")
    x = LeakyReLU(0.2, name="relu0")(EqualizedConv2D(widths[0], 1, name="conv0")(images))
    for stage, (width, inner) in enumerate(itertools.pairwise(widths), start=1):
        shortcut = EqualizedConv2D(inner, 1, gain=1.0, use_bias=False, name=f"shortcut{stage}")(
            halved(x, f"shortcut_down{stage}")
        )
        x = LeakyReLU(0.2, name=f"relu{stage}a")(EqualizedConv2D(width, 3, name=f"conv{stage}a")(x))
        x = EqualizedConv2D(inner, 3, name=f"conv{stage}b")(halved(x, f"down{stage}"))
        x = LeakyReLU(0.2, name=f"relu{stage}b")(x)
        x = layers.Rescaling(1 / math.sqrt(2.0), name=f"scale{stage}")(layers.Add(name=f"add{stage}")([x, shortcut]))
    return keras.Model(images, judged(x, group_size), name=name)
