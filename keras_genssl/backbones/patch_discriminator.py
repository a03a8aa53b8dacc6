"""PatchGAN: a discriminator that judges patches."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers as keras_layers

from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import InstanceNormalization


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
    x = keras_layers.LeakyReLU(0.2, name="patch1_relu")(conv(images, filters, 2, "patch1"))
    for index in range(2, layers + 2):
        strides = 2 if index <= layers else 1
        x = conv(x, filters * min(2 ** (index - 1), 8), strides, f"patch{index}")
        x = keras_layers.LeakyReLU(0.2, name=f"patch{index}_relu")(normalization(name=f"patch{index}_norm")(x))
    return keras.Model(images, conv(x, 1, 1, "logits", dtype=keras.config.floatx()), name=name)
