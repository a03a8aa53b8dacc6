"""The masked convolutions of contrastive predictive coding."""

import keras
from keras import layers

from keras_genssl.backbones.image_sizes import check_widths
from keras_genssl.checks.data_format import require_channels_last


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
