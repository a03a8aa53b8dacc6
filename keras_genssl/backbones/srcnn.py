"""SRCNN's network."""

import keras
from keras import layers

from keras_genssl.checks.data_format import require_channels_last


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
