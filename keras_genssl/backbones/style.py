"""The networks of StyleGAN at full size: mapping, synthesis, discriminator; what StyleGAN2's share with them."""

import itertools
from typing import Any

import keras
from keras import layers, ops

from keras_genssl.backbones.output_activation import activated
from keras_genssl.backbones.sizes import check_widths
from keras_genssl.checks.numbers import finite
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import (
    AdaptiveInstanceNormalization,
    Blur,
    EqualizedConv2D,
    EqualizedDense,
    LeakyReLU,
    LearnedConstant,
    MinibatchStdDev,
    NoiseInjection,
    PixelNormalization,
)


def style_widths(image_shape: tuple[int, int, int], filters: int, max_filters: int) -> tuple[int, list[int]]:
    """Returns the side of the smallest feature map, and the channels at each side, from that of the image inwards.

    Args:
        image_shape: ``(side, side, channels)``, the side 28 or a power of two of at least 8, channels 1 or 3.
        filters: channels at the side of the image; doubled inwards.
        max_filters: the most channels.

    Raises:
        ValueError: if the shape is not supported or a width is invalid.

    Example:
        >>> style_widths((28, 28, 1), 16, 512), style_widths((32, 32, 3), 64, 128)
        ((7, [16, 32, 64]), (4, [64, 128, 128, 128]))
    """
    shape = tuple(image_shape)
    square = len(shape) == 3 and shape[0] == shape[1] and shape[2] in (1, 3)
    if not square or (shape[0] != 28 and (shape[0] < 8 or shape[0] & (shape[0] - 1))):
        raise ValueError(
            "`image_shape` must be (side, side, channels) with a side of 28 or a power of two of at least 8, and 1 or "
            f"3 channels. Received: image_shape={image_shape}"
        )
    check_widths(filters=filters, max_filters=max_filters)
    base = 7 if shape[0] == 28 else 4
    return base, [min(filters * 2**stage, max_filters) for stage in range((shape[0] // base).bit_length())]


def style_mapping(
    latent_dim: int,
    style_dim: int = 512,
    num_layers: int = 8,
    *,
    lr_multiplier: float = 0.01,
    num_classes: int | None = None,
    name: str = "style_mapping",
) -> keras.Model:
    """Build StyleGAN's mapping: from latents to styles w, which need not be normally distributed.

    Karras et al., 2019, Section 2: latents are normalised to root mean square 1; dense layers with LeakyReLU of slope
    0.2 follow, which learn at a hundredth of the rate of other layers (``lr_multiplier``). With ``num_classes`` a
    learnt vector of the class, as long as the latents, is joined to them first.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)

    Args:
        latent_dim: length of the latent vectors, at least 1.
        style_dim: units of each layer and length of styles, at least 1.
        num_layers: number of dense layers, at least 1.
        lr_multiplier: their learning rate relative to that of other layers, above 0.
        num_classes: number of classes, or None for a mapping without labels.
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)``, or ``[latents, one-hot labels (batch, num_classes)]``, to float
        styles ``(batch, style_dim)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> style_mapping(16, style_dim=8, num_layers=2).output_shape
        (None, 8)
    """
    check_widths(latent_dim=latent_dim, style_dim=style_dim, num_layers=num_layers, num_classes=num_classes)
    lr_multiplier = finite("lr_multiplier", lr_multiplier, 0, above=True)
    latents = x = keras.Input((latent_dim,), name="latents")
    labels = None if num_classes is None else keras.Input((num_classes,), name="labels")
    if labels is not None:
        normal = keras.initializers.RandomNormal(0.0, 1.0)
        of_class = layers.Dense(latent_dim, use_bias=False, kernel_initializer=normal, name="class")(labels)
        x = layers.Concatenate(name="joined")([x, of_class])
    x = PixelNormalization(name="normalized")(x)
    for number in range(1, num_layers + 1):
        x = EqualizedDense(style_dim, lr_multiplier=lr_multiplier, name=f"dense{number}")(x)
        x = LeakyReLU(0.2, name=f"relu{number}")(x)
    return keras.Model(latents if labels is None else [latents, labels], x, name=name)


def styles_input(num_styles: int, style_dim: int) -> tuple[Any, list[Any]]:
    """Returns the input of a synthesis, ``(batch, num_styles, style_dim)``, and each style of it."""
    check_widths(style_dim=style_dim)
    styles = keras.Input((num_styles, style_dim), name="styles")
    return styles, ops.unstack(styles, num_styles, axis=1)


def doubled(x: Any, name: str) -> Any:
    """Doubles the side of feature maps by bilinear interpolation, whose gradient's gradient TensorFlow has."""
    return Blur(name=f"{name}_blur")(layers.UpSampling2D(name=f"{name}_up")(x))


def halved(x: Any, name: str) -> Any:
    """Halves the side of feature maps by the filter ``[1, 3, 3, 1] / 8``, which is blur and the mean of 2x2."""
    return layers.AveragePooling2D(2, name=f"{name}_pool")(Blur(name=f"{name}_blur")(x))


def style_synthesis(
    image_shape: tuple[int, int, int],
    style_dim: int = 512,
    filters: int = 64,
    *,
    max_filters: int = 512,
    noise: bool = True,
    output_activation: str | None = None,
    name: str = "style_synthesis",
) -> keras.Model:
    """Build StyleGAN's synthesis: from a learnt constant to an image, each layer controlled by a style of its own.

    Karras et al., 2019, Section 2, Table 1: a constant of 4x4 (7x7 for 28 pixels) that starts at ones; two layers a
    side. Each is a 3x3 convolution (none before the constant), noise, bias, LeakyReLU of slope 0.2 and adaptive
    instance normalisation by its style; where the side is doubled, pixels are repeated before the convolution and
    blurred after it. A 1x1 convolution makes colours, without tanh. All weights are of equalized learning rate. The
    first styles control the coarse features, the last the fine ones. The paper's network is for 1024 pixels, with
    ``filters=16`` and at most 512.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)

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
        >>> network = style_synthesis((28, 28, 1), style_dim=8, filters=4)
        >>> network.input_shape, network.output_shape
        ((None, 6, 8), (None, 28, 28, 1))
    """
    require_channels_last()
    side, widths = style_widths(image_shape, filters, max_filters)
    styles, style = styles_input(2 * len(widths), style_dim)

    def styled(x: Any, number: int) -> Any:
        if noise:
            x = NoiseInjection(seed=number, name=f"noise{number}")(x)
        x = LeakyReLU(0.2, name=f"relu{number}")(x)
        return AdaptiveInstanceNormalization(name=f"style{number}")([x, style[number]])

    x = styled(LearnedConstant((side, side, widths[-1]), name="constant")(styles), 0)
    for stage, width in enumerate(reversed(widths)):
        if stage:
            x = layers.UpSampling2D(name=f"up{stage}")(x)
            # Blur leaves a bias as it is, so the convolution may add it.
            x = Blur(name=f"blur{stage}")(EqualizedConv2D(width, 3, name=f"conv{2 * stage}")(x))
            x = styled(x, 2 * stage)
        x = styled(EqualizedConv2D(width, 3, name=f"conv{2 * stage + 1}")(x), 2 * stage + 1)
    colours = EqualizedConv2D(image_shape[-1], 1, gain=1.0, dtype=keras.config.floatx(), name="images")
    return keras.Model(styles, activated(colours(x), output_activation), name=name)


def judged(x: Any, group_size: int) -> Any:
    """Ends a discriminator: the deviation within groups, a convolution, a dense layer, float32 logits."""
    width = x.shape[-1]
    x = MinibatchStdDev(group_size, name="deviation")(x)
    x = LeakyReLU(0.2, name="relu_last")(EqualizedConv2D(width, 3, name="conv_last")(x))
    x = EqualizedDense(width, name="dense")(layers.Flatten(name="flatten")(x))
    x = LeakyReLU(0.2, name="relu_dense")(x)
    return EqualizedDense(1, gain=1.0, dtype=keras.config.floatx(), name="logit")(x)


def style_discriminator(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    max_filters: int = 512,
    group_size: int = 4,
    name: str = "style_discriminator",
) -> keras.Model:
    """Build StyleGAN's discriminator: two convolutions a side, filtered before each halving.

    Karras et al., 2018 and 2019: LeakyReLU of slope 0.2, weights of equalized learning rate, no normalisation, and at
    the end the deviation within groups of ``group_size`` images. Deviation: the second convolution of a side follows
    the halving, at a quarter of the cost; the paper's code halves by the mean of 2x2 after it.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)
        - Karras et al. 2018, [Progressive Growing of GANs](https://arxiv.org/abs/1710.10196)

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
        >>> style_discriminator((28, 28, 1), filters=4).output_shape
        (None, 1)
    """
    require_channels_last()
    _, widths = style_widths(image_shape, filters, max_filters)
    images = keras.Input(tuple(image_shape), name="images")
    x = LeakyReLU(0.2, name="relu0")(EqualizedConv2D(widths[0], 1, name="conv0")(images))
    for stage, (width, inner) in enumerate(itertools.pairwise(widths), start=1):
        x = LeakyReLU(0.2, name=f"relu{stage}a")(EqualizedConv2D(width, 3, name=f"conv{stage}a")(x))
        x = EqualizedConv2D(inner, 3, name=f"conv{stage}b")(halved(x, f"down{stage}"))
        x = LeakyReLU(0.2, name=f"relu{stage}b")(x)
    return keras.Model(images, judged(x, group_size), name=name)
