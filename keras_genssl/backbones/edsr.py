"""EDSR's network."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.upsampling import stages
from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import BicubicUpsampling, PixelShuffle

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
