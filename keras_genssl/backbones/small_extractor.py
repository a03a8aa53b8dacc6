"""The small feature network of perceptual losses, which needs no downloaded weights."""

import keras
from keras import layers

from keras_genssl.checks.data_format import require_channels_last


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
