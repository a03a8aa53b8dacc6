"""Small encoders and extractors, and the heads on them."""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.sizes import check_widths
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import BatchNormalization


def small_encoder(
    input_shape: tuple[int | None, int | None, int] = (28, 28, 1),
    filters: int = 32,
    *,
    synchronized: bool = True,
    normalization: Callable[..., keras.layers.Layer] | None = None,
    name: str = "small_encoder",
) -> keras.Model:
    """Build six 3x3 convolutions with batch normalisation (or another) and ReLU, and the mean over positions.

    Channels are ``filters`` times 1, 1, 2, 2, 4, 4; the resolution halves where they double. Weights start random (He).

    Args:
        input_shape: ``(height, width, channels)``; sizes may be None.
        filters: channels of the first convolution, positive; the features have four times as many.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        normalization: makes a normalisation layer, called with ``name``, where it is not to be the batch's:
            ``keras.layers.LayerNormalization``, over the channels of a position (CPC's second version).
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 features ``(batch, 4 * filters)``.

    Raises:
        ValueError: if ``filters`` is not positive.

    Example:
        >>> small_encoder((28, 28, 1)).output_shape
        (None, 128)
    """
    require_channels_last()
    if filters < 1:
        raise ValueError(f"`filters` must be at least 1. Received: filters={filters}")
    make = normalization or functools.partial(BatchNormalization, momentum=0.9, synchronized=synchronized)
    images = x = keras.Input(input_shape, name="images")
    for number in range(6):
        x = layers.Conv2D(
            filters * 2 ** (number // 2),
            3,
            strides=2 if number in (2, 4) else 1,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"conv{number + 1}",
        )(x)
        x = make(name=f"norm{number + 1}")(x)
        x = layers.ReLU(name=f"relu{number + 1}")(x)
    features = layers.GlobalAveragePooling2D(dtype=keras.config.floatx(), name="features")(x)
    return keras.Model(images, features, name=name)


def small_extractor(
    filters: tuple[int, ...] = (24, 48, 96),
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    seed: int | None = None,
    name: str = "small_extractor",
) -> keras.Model:
    """Build a VGG-like network: per entry of ``filters`` two 3x3 convolutions with ReLU, mean pooling between.

    Layers are named as in VGG (``block1_conv1``, ``block1_conv2``, ``block1_pool``, ...; after the ReLU).
    There is no normalisation, so that features of one image never depend on another. Weights start random
    (He). `perceptual_extractor("small")` keeps those of one seed, see docs/perceptual_extractor.md.

    Args:
        filters: channels of each block, positive; each further block sees half the resolution.
        input_shape: ``(height, width, channels)``; sizes may be None.
        seed: seed of the random weights, at least 0; None to use Keras' global seed.
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to the last block's features,
        ``(batch, h / 2^(blocks-1), w / 2^(blocks-1), filters[-1])``.

    Raises:
        ValueError: if ``filters`` is empty or not positive.

    Example:
        >>> small_extractor().output_shape
        (None, None, None, 96)
    """
    require_channels_last()
    if not filters or min(filters) < 1:
        raise ValueError(f"`filters` must hold positive numbers, at least one. Received: filters={filters}")
    images = x = keras.Input(input_shape, name="images")
    for block, width in enumerate(filters, start=1):
        if block > 1:
            x = layers.AveragePooling2D(2, name=f"block{block - 1}_pool")(x)
        for index in (1, 2):
            x = layers.Conv2D(
                width,
                3,
                padding="same",
                activation="relu",
                kernel_initializer=keras.initializers.HeNormal(
                    None if seed is None else 2 * (len(filters) * seed + block) + index
                ),
                name=f"block{block}_conv{index}",
            )(x)
    return keras.Model(images, x, name=name)


def small_feature_map(
    input_shape: tuple[int | None, int | None, int] = (None, None, 1),
    filters: int = 32,
    *,
    synchronized: bool = True,
    name: str = "small_feature_map",
) -> keras.Model:
    """Build the convolutions of `small_encoder`: features of each position, at a stride of 4.

    Args:
        input_shape: ``(height, width, channels)``; sizes may be None.
        filters: channels of the first convolution, positive; the features have four times as many.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` to features ``(batch, h / 4, w / 4, 4 * filters)``, sizes rounded up.

    Raises:
        ValueError: if ``filters`` is not positive.

    Example:
        >>> small_feature_map((64, 64, 1)).output_shape
        (None, 16, 16, 128)
    """
    require_channels_last()
    encoder = small_encoder(input_shape, filters, synchronized=synchronized)
    return keras.Model(encoder.input, encoder.get_layer("relu6").output, name=name)


def position_head(
    feature_channels: int,
    outputs: int,
    filters: int = 64,
    *,
    name: str = "position_head",
) -> keras.Model:
    """Build a head that predicts something for each position: a 3x3 convolution with ReLU, and one of 1x1.

    Args:
        feature_channels: channels of the features it takes, positive.
        outputs: numbers to predict for each position, positive.
        filters: channels between the two, positive.
        name: the model's name.

    Returns:
        A model from features ``(batch, h, w, feature_channels)`` to float32 ``(batch, h, w, outputs)``, linear.

    Raises:
        ValueError: if an argument is not positive.

    Example:
        >>> position_head(128, 309).output_shape
        (None, None, None, 309)
    """
    require_channels_last()
    for argument, value in (("feature_channels", feature_channels), ("outputs", outputs), ("filters", filters)):
        if value < 1:
            raise ValueError(f"`{argument}` must be at least 1. Received: {argument}={value}")
    features = keras.Input((None, None, feature_channels), name="features")
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal", name="conv")(
        features
    )
    x = layers.Conv2D(outputs, 1, dtype=keras.config.floatx(), name="predictions")(x)
    return keras.Model(features, x, name=name)


def fashion_classifier(
    filters: tuple[int, int, int, int] = (32, 64, 96, 128),
    num_classes: int = 10,
    *,
    seed: int | None = None,
    name: str = "fashion_classifier",
) -> keras.Model:
    """Build a convolutional classifier of 28x28 grey images that returns its features too.

    Five 3x3 convolutions with batch normalisation and ReLU, two max poolings (28, 14 and 7 pixels), and the
    mean over positions, which is the feature vector. Like Inception's "pool3", it is not negative and one linear layer
    before the logits. `metrics.fashion_features` is this network with the weights of the package.

    Args:
        filters: channels at 28, 14, 7 and again 7 pixels; the last is the size of the features.
        num_classes: the number of logits, positive.
        seed: seed of the random weights, at least 0; None to use Keras' global seed.
        name: the model's name.

    Returns:
        A model from float ``(batch, 28, 28, 1)`` in [-1, 1] to ``[features, logits]``, float32
        ``(batch, filters[-1])`` and ``(batch, num_classes)``.

    Raises:
        ValueError: if ``filters`` are not four positive numbers, or ``num_classes`` is not positive.

    Example:
        >>> [output.shape for output in fashion_classifier().outputs]
        [(None, 128), (None, 10)]
    """
    require_channels_last()
    if len(filters) != 4 or min(filters) < 1:
        raise ValueError(f"`filters` must hold four positive numbers. Received: filters={filters}")
    if num_classes < 1:
        raise ValueError(f"`num_classes` must be positive. Received: num_classes={num_classes}")

    def convolve(x: Any, number: int, width: int) -> Any:
        initializer = keras.initializers.HeNormal(None if seed is None else 8 * seed + number)
        x = layers.Conv2D(
            width, 3, padding="same", use_bias=False, kernel_initializer=initializer, name=f"conv{number}"
        )(x)
        return layers.ReLU(name=f"relu{number}")(BatchNormalization(momentum=0.95, name=f"norm{number}")(x))

    images = keras.Input((28, 28, 1), name="images")
    x = layers.MaxPooling2D(2, name="pool1")(convolve(images, 1, filters[0]))
    x = convolve(convolve(x, 2, filters[1]), 3, filters[1])
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = convolve(convolve(x, 4, filters[2]), 5, filters[3])
    features = layers.GlobalAveragePooling2D(dtype=keras.config.floatx(), name="features")(x)
    initializer = keras.initializers.GlorotUniform(None if seed is None else 8 * seed + 6)
    logits = layers.Dense(num_classes, kernel_initializer=initializer, dtype=keras.config.floatx(), name="logits")(
        features
    )
    return keras.Model(images, [features, logits], name=name)


def projection_head(
    input_dim: int,
    output_dim: int = 128,
    hidden_dim: int | None = None,
    num_layers: int = 2,
    batch_norm: bool = True,
    *,
    output_norm: bool = False,
    output_bias: bool = False,
    synchronized: bool = True,
    name: str = "projection_head",
) -> keras.Model:
    """Build a multi-layer perceptron from features to the space where views are compared.

    SimCLR, Chen et al., 2020, Section 4.2: dense layers, batch normalisation and ReLU after each but the last.
    Predictors (SimSiam, BYOL) are also such networks. Deviation: batch normalisation has Keras' epsilon of 1e-3; the
    code of these papers has 1e-5.

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual
          Representations](https://arxiv.org/abs/2002.05709)

    Args:
        input_dim: length of the features, at least 1.
        output_dim: length of the projections, at least 1.
        hidden_dim: width of the hidden layers, at least 1; None: ``input_dim``.
        num_layers: number of dense layers, at least 1: 2 (SimCLR, MoCo v2, BYOL) or 3 (SimSiam, Barlow Twins).
        batch_norm: whether hidden layers have batch normalisation (SimCLR, BYOL) or a bias instead (MoCo v2).
        output_norm: whether the projections are batch-normalised, without gain and centre (SimSiam; SimCLR's code
            has a gain).
        output_bias: whether the last layer has a bias (MoCo v2, SimSiam's predictor).
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from float ``(batch, input_dim)`` to float32 ``(batch, output_dim)``.

    Raises:
        ValueError: if a number is less than 1, or if ``output_norm`` would cancel ``output_bias``.

    Example:
        >>> projection_head(512, 64).output_shape
        (None, 64)
    """
    require_channels_last()
    check_widths(input_dim=input_dim, output_dim=output_dim, hidden_dim=hidden_dim, num_layers=num_layers)
    if output_norm and output_bias:
        raise ValueError(
            "`output_bias` must be False where `output_norm` subtracts it again. Received: output_bias=True"
        )
    features = x = keras.Input((input_dim,), name="features")
    for number in range(1, num_layers):
        x = layers.Dense(hidden_dim or input_dim, use_bias=not batch_norm, name=f"dense{number}")(x)
        if batch_norm:
            x = BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    full = keras.config.floatx()
    x = layers.Dense(output_dim, use_bias=output_bias, dtype=full, name=f"dense{num_layers}")(x)
    if output_norm:
        x = BatchNormalization(
            momentum=_MOMENTUM,
            center=False,
            scale=False,
            synchronized=synchronized,
            dtype=full,
            name=f"norm{num_layers}",
        )(x)
    return keras.Model(features, x, name=name)


_MOMENTUM = 0.9  # momentum of the moving statistics, as in the papers' code


def context_network(dim: int, filters: int = 256, blocks: int = 5, *, name: str = "context_network") -> keras.Model:
    """Build residual blocks of masked convolutions over a grid of features: a row sees itself and the rows above.

    Hénaff et al., 2019, Appendix A: each block has 1x1, ReLU, 1x3, 2x1 on rows moved down by one, ReLU, 1x1, then the
    sum; a ReLU follows the last block. There is no normalisation, since it would carry information from rows below.

    Reference:
        - Hénaff et al. 2019, [Data-Efficient Image Recognition with Contrastive Predictive
          Coding](https://arxiv.org/abs/1905.09272)

    Args:
        dim: length of the features, at least 1.
        filters: channels inside a block, at least 1.
        blocks: number of blocks, at least 1; row i sees the rows from i - blocks on, and as many columns on each side.
        name: the model's name.

    Returns:
        A model from float ``(batch, rows, columns, dim)`` to the same shape.

    Raises:
        ValueError: if a number is less than 1.

    Example:
        >>> context_network(16, filters=8, blocks=2).output_shape
        (None, None, None, 16)
    """
    require_channels_last()
    check_widths(dim=dim, filters=filters, blocks=blocks)
    grid = x = keras.Input((None, None, dim), name="grid")
    for number in range(1, blocks + 1):
        block = f"block{number}"
        y = layers.Conv2D(filters, 1, activation="relu", name=f"{block}_conv1")(x)
        y = layers.Conv2D(filters, (1, 3), padding="same", name=f"{block}_conv2")(y)
        y = layers.ZeroPadding2D(((1, 0), (0, 0)), name=f"{block}_pad")(y)
        y = layers.Conv2D(filters, (2, 1), activation="relu", name=f"{block}_conv3")(y)
        y = layers.Conv2D(dim, 1, name=f"{block}_conv4")(y)
        x = layers.Add(name=f"{block}_add")([x, y])
    return keras.Model(grid, layers.ReLU(name="context")(x), name=name)
