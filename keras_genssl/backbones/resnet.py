"""Residual networks as encoders."""

from typing import Any

import keras
from keras import layers

from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import BatchNormalization

_EPSILON = 1.001e-5  # the smallest that the fused kernel takes; others use 1e-5


def resnet18(
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
    stem: str = "imagenet",
    filters: int = 64,
    *,
    zero_init_residual: bool = False,
    synchronized: bool = True,
    name: str = "resnet18",
) -> keras.Model:
    """Build ResNet-18 up to its features: four stages of two blocks of two 3x3 convolutions.

    He et al., 2016, Table 1, with its projection shortcuts (B). Convolutions have no bias and He's initialisation;
    strided ones have symmetric padding, as in torchvision. The stem for small images, one 3x3 convolution of stride 1
    and no pooling, is SimCLR's (Appendix B.9).

    Reference:
        - He et al. 2016, [Deep Residual Learning](https://arxiv.org/abs/1512.03385)
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual
          Representations](https://arxiv.org/abs/2002.05709)

    Args:
        input_shape: ``(height, width, channels)``; sizes may be None.
        stem: ``"imagenet"``, a 7x7 convolution and a max pooling, each of stride 2, or ``"small"``.
        filters: channels of the first stage, positive; each further one has twice as many.
        zero_init_residual: whether the last gamma of each block starts at zero, so that each block starts as its
            shortcut (Goyal et al., 2017, https://arxiv.org/abs/1706.02677; SimCLR does, MoCo does not).
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 features ``(batch, 8 * filters)``.

    Raises:
        ValueError: if ``stem`` is neither, or ``filters`` is not positive.

    Example:
        >>> resnet18((32, 32, 3), stem="small", filters=4).output_shape
        (None, 32)
    """
    require_channels_last()
    return _resnet(input_shape, stem, filters, (2, 2, 2, 2), 1, zero_init_residual, synchronized, name)


def resnet50(
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
    stem: str = "imagenet",
    filters: int = 64,
    *,
    zero_init_residual: bool = False,
    synchronized: bool = True,
    name: str = "resnet50",
) -> keras.Model:
    """Build ResNet-50 up to its features: stages of 3, 4, 6 and 3 bottlenecks.

    Like `resnet18`, but blocks are convolutions of 1x1, 3x3 and, four times as wide, 1x1. The stride of a stage is on
    the 3x3 convolution of its first block ("v1.5": torchvision, MoCo, SimCLR); in the paper it is on the 1x1 before.

    Reference:
        - He et al. 2016, [Deep Residual Learning](https://arxiv.org/abs/1512.03385)

    Args:
        input_shape: ``(height, width, channels)``; sizes may be None.
        stem: ``"imagenet"``, a 7x7 convolution and a max pooling, each of stride 2, or ``"small"``.
        filters: channels of the first stage's 3x3 convolutions, positive; each further one has twice as many.
        zero_init_residual: whether the last gamma of each block starts at zero.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from float ``(batch, h, w, c)`` in [-1, 1] to float32 features ``(batch, 32 * filters)``.

    Raises:
        ValueError: if ``stem`` is neither, or ``filters`` is not positive.

    Example:
        >>> resnet50((32, 32, 3), stem="small", filters=2).output_shape
        (None, 64)
    """
    require_channels_last()
    return _resnet(input_shape, stem, filters, (3, 4, 6, 3), 4, zero_init_residual, synchronized, name)


def _resnet(
    input_shape: tuple[int | None, int | None, int],
    stem: str,
    filters: int,
    blocks: tuple[int, ...],
    expansion: int,
    zero_init_residual: bool,
    synchronized: bool,
    name: str,
) -> keras.Model:
    """Builds stages of blocks: two 3x3 convolutions if `expansion` is 1, otherwise bottlenecks."""
    if stem not in ("imagenet", "small"):
        raise ValueError(f'`stem` must be "imagenet" or "small". Received: stem={stem!r}')
    if filters < 1:
        raise ValueError(f"`filters` must be at least 1. Received: filters={filters}")

    def conv_norm(x: Any, width: int, size: int, prefix: str, strides: int = 1, gamma: str = "ones") -> Any:
        if strides > 1 and size > 1:  # "same" would pad only right and bottom
            x = layers.ZeroPadding2D(size // 2, name=f"{prefix}_pad")(x)
        x = layers.Conv2D(
            width,
            size,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{prefix}_conv",
        )(x)
        return BatchNormalization(
            momentum=0.9, epsilon=_EPSILON, gamma_initializer=gamma, synchronized=synchronized, name=f"{prefix}_norm"
        )(x)

    def relu(x: Any, prefix: str) -> Any:
        return layers.ReLU(name=f"{prefix}_relu")(x)

    def block(x: Any, width: int, strides: int, prefix: str) -> Any:
        shortcut = x
        if strides > 1 or x.shape[-1] != width * expansion:
            shortcut = conv_norm(x, width * expansion, 1, f"{prefix}_shortcut", strides)
        if expansion == 1:
            x = relu(conv_norm(x, width, 3, f"{prefix}_1", strides), f"{prefix}_1")
        else:
            x = relu(conv_norm(x, width, 1, f"{prefix}_1"), f"{prefix}_1")
            x = relu(conv_norm(x, width, 3, f"{prefix}_2", strides), f"{prefix}_2")
        last = 3 if expansion == 1 else 1
        gamma = "zeros" if zero_init_residual else "ones"
        x = conv_norm(x, width * expansion, last, f"{prefix}_{2 if expansion == 1 else 3}", gamma=gamma)
        return relu(layers.Add(name=f"{prefix}_add")([x, shortcut]), prefix)

    images = keras.Input(input_shape, name="images")
    if stem == "imagenet":
        x = relu(conv_norm(images, filters, 7, "stem", strides=2), "stem")
        x = layers.ZeroPadding2D(1, name="stem_pool_pad")(x)  # zeros are neutral for the maximum after a ReLU
        x = layers.MaxPooling2D(3, strides=2, name="stem_pool")(x)
    else:
        x = relu(conv_norm(images, filters, 3, "stem"), "stem")
    for stage, count in enumerate(blocks):
        for index in range(count):
            strides = 2 if stage and not index else 1
            x = block(x, filters * 2**stage, strides, f"stage{stage + 1}_block{index + 1}")
    features = layers.GlobalAveragePooling2D(dtype=keras.config.floatx(), name="features")(x)
    return keras.Model(images, features, name=name)
