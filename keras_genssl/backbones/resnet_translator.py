"""CycleGAN's generator: Johnson's residual network."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import CropToSize, InstanceNormalization, PadToMultiple, ReflectionPadding2D


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
