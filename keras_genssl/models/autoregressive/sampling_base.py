"""Sampling from a PixelCNN, pixel by pixel, in one loop that TensorFlow compiles."""

from typing import Any

from keras import ops

from keras_genssl.backbones.pixelcnn import PixelNetwork
from keras_genssl.losses.discrete import DiscreteDistribution


def draw_levels(
    network: PixelNetwork,
    distribution: DiscreteDistribution,
    noise: Any,
    *,
    vector: Any = None,
    map: Any = None,
    given: Any = None,
    rows: Any = 0,
) -> Any:
    """Draws images in the order of their pixels, each level given all levels before it.

    Rows of the vertical stack are computed once, and of the horizontal stack one pixel at a time, from what is kept of
    the pixels before (Ramachandran et al., 2017, arXiv:1704.06001). All pixels together cost one pass of the vertical
    stack, and one of the horizontal stack for each channel. The levels are those that a full pass for each level would
    draw from the same noise.

    Args:
        network: a network of `backbones.pixelcnn`.
        distribution: the distribution that its outputs stand for.
        noise: uniform on [0, 1), `(batch, h, w, c)`.
        vector: the condition `(batch, vector_dim)`, if the network takes one.
        map: the condition `(batch, h, w, map_channels)`, if the network takes one.
        given: integers `(batch, h, w, c)`, of which the first `rows` rows are kept; None: everything is drawn.
        rows: how many rows are given, an integer or an integer tensor.

    Returns:
        int32 `(batch, h, w, c)` in [0, num_levels); -1 where the network's outputs are NaN.
    """
    height, width, channels = network.level_shape
    batch = ops.shape(noise)[0]
    given = ops.zeros(ops.shape(noise), "int32") if given is None else ops.cast(given, "int32")
    columns = ops.reshape(ops.arange(width), (1, 1, width, 1))
    lines = ops.reshape(ops.arange(height), (1, height, 1, 1))

    def draw_pixel(row: Any, column: Any, drawn: Any, kept: list[Any], links: list[Any], row_noise: Any) -> Any:
        levels = _at(drawn, column, axis=2)
        here = [_at(link, column, axis=2) for link in links]
        uniform = _at(row_noise, column, axis=2)
        later = kept
        for channel in range(channels):  # a channel sees those before it
            outputs, later = network.pixel(kept, here, levels)
            chosen = distribution.sample(outputs[..., channel, :], uniform[..., channel])[..., None]
            new = ops.reshape(ops.arange(channels) == channel, (1, 1, 1, channels))
            levels = ops.where(ops.logical_and(new, row >= rows), chosen, levels)
        return ops.where(columns == column, levels, drawn), network.with_pixel(later, levels)

    def draw_row(row: Any, levels: Any, kept: list[Any]) -> Any:
        map_row = None if map is None else _at(map, row, axis=1)
        links, kept = network.row(kept, vector, map_row)
        row_noise = _at(noise, row, axis=1)

        def step(column: Any, drawn: Any, *left: Any) -> Any:
            drawn, left = draw_pixel(row, column, drawn, list(left), links, row_noise)
            return (column + 1, drawn, *left)

        start = (0, _at(levels, row, axis=1), *network.no_pixels(batch))
        _, drawn, *_ = ops.while_loop(lambda column, *_: column < width, step, start)
        return ops.where(lines == row, drawn, levels), network.with_row(kept, drawn)

    def step(row: Any, levels: Any, *kept: Any) -> Any:
        levels, kept = draw_row(row, levels, list(kept))
        return (row + 1, levels, *kept)

    _, levels, *_ = ops.while_loop(lambda row, *_: row < height, step, (0, given, *network.no_rows(batch)))
    return levels


def _at(values: Any, index: Any, axis: int) -> Any:
    """The part of a tensor at one place of an axis, which keeps its length of 1."""
    return ops.expand_dims(ops.take(values, index, axis=axis), axis)
