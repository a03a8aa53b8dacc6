"""Applies a convolutional network to images of any size in bounded memory."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

TILE = 512
"""The largest side of a tile, in input pixels. Images of at most this size are computed in one piece."""

Images = Callable[[Any], Any]


class _Span(NamedTuple):
    """One tile along one axis, in input pixels: what it gives, and with its margins what it is computed from."""

    start: tf.Tensor
    stop: tf.Tensor
    first: tf.Tensor
    last: tf.Tensor


class Tiled:
    """A function of images that is computed tile by tile; `in_tiles` makes one.

    Args:
        function: As in `in_tiles`.
        radius: As in `in_tiles`.
        tile: As in `in_tiles`.
        step: As in `in_tiles`.
        dtype: The dtype of the results.
    """

    def __init__(self, function: Images, radius: int, tile: int, step: int, dtype: tf.DType) -> None:
        self._radius, self._tile, self._step, self._dtype = radius, tile, step, dtype
        self._function = tf.function(function, autograph=False, reduce_retracing=True)  # one graph, wherever it is used
        self._whole = tf.function(self._joined, autograph=False, reduce_retracing=True)

    def __call__(self, images: Any) -> tf.Tensor:
        """Computes all tiles and joins them: `(batch, h, w, c)` to `(batch, h * s, w * s, d)`."""
        whole: tf.Tensor = self._whole(tf.convert_to_tensor(images))
        return whole

    def between(self, before: Images, after: Images, dtype: tf.DType) -> "Tiled":
        """The same with `before` applied to each tile's input, and `after`, which gives `dtype`, to its output.

        A chain of functions of single pixels costs the memory of one tile here, and that of whole images outside.
        """
        return Tiled(lambda cut: after(self._function(before(cut))), self._radius, self._tile, self._step, dtype)

    def grid(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """How many rows and how many columns of tiles images have: two int32 scalars."""
        height, width = tf.unstack(tf.shape(images)[1:3])
        return self._count(height), self._count(width)

    def one(self, images: tf.Tensor, row: tf.Tensor, column: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes one tile of the result.

        Args:
            images: `(batch, h, w, c)`.
            row: int32 scalar, the tile's row in the grid.
            column: int32 scalar, its column.

        Returns:
            The tile without its margins, and the int32 scalar s by which the function enlarges.
        """
        height, width = tf.unstack(tf.shape(images)[1:3])
        down, across = self._span(height, row), self._span(width, column)
        made = tf.cast(self._function(images[:, down.first : down.last, across.first : across.last]), self._dtype)
        scale = tf.shape(made)[1] // (down.last - down.first)
        (top, bottom), (left, right) = (
            ((span.start - span.first) * scale, (span.stop - span.first) * scale) for span in (down, across)
        )
        return made[:, top:bottom, left:right], scale

    def _count(self, size: tf.Tensor) -> tf.Tensor:
        return (size + self._tile - 1) // self._tile

    def _span(self, size: tf.Tensor, number: tf.Tensor) -> _Span:
        # Of equal sides, so that no tile is mostly margin.
        share = self._count(size) * self._step
        side = (size + share - 1) // share * self._step
        start = number * side
        stop = tf.minimum(start + side, size)
        return _Span(start, stop, tf.maximum(start - self._radius, 0), tf.minimum(stop + self._radius, size))

    def _joined(self, images: tf.Tensor) -> tf.Tensor:
        rows, columns = self.grid(images)

        def strip(row: tf.Tensor) -> tf.Tensor:
            return self._row_of(lambda column: self.one(images, row, column)[0], columns, axis=2)

        made = self._row_of(strip, rows, axis=1)
        return tf.ensure_shape(made, (None, None, None, None))

    def _row_of(self, part: Callable[[tf.Tensor], tf.Tensor], count: tf.Tensor, axis: int) -> tf.Tensor:
        """Computes parts one after the other and joins them along an axis."""
        order = [axis, *(other for other in range(4) if other != axis)]
        back = [order.index(each) for each in range(4)]

        def step(number: tf.Tensor, parts: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            return number + 1, parts.write(number, tf.transpose(part(number), order))

        parts = tf.TensorArray(self._dtype, count, element_shape=None, infer_shape=False)
        _, parts = tf.while_loop(lambda number, _: number < count, step, (tf.constant(0), parts), parallel_iterations=1)
        return tf.transpose(parts.concat(), back)


def in_tiles(function: Images, radius: int, tile: int = TILE, step: int = 1) -> Tiled:
    """Returns the same function of images, computed tile by tile.

    Each tile is computed with a margin of `radius` pixels from its neighbours, and without a margin at the border of
    the image. No output pixel may depend on input pixels further away than `radius`. The memory needed is that of one
    tile and of the result. An image that fits into one tile is computed in one piece. The result for a larger one is
    that of one pass over it up to the rounding of float32: a library may add a convolution's products in another order
    at another size. Whatever uses the same tiles gives the same answers to the bit.

    Args:
        function: Maps `(batch, h, w, c)` to `(batch, h * s, w * s, d)` for an integer s, any h and w.
        radius: The largest distance of an input pixel that an output pixel depends on (`backbones.receptive_radius`).
        tile: The largest side of a tile in input pixels; it is rounded down to a multiple of `step`.
        step: The side of the squares of input pixels that the function treats alike: the product of its strides. Tiles
            and margins are whole squares, counted from the image's top left corner; the radius is rounded up.

    Returns:
        A function with the same arguments, and results in `keras.config.floatx()`; it may be exported. `grid` and `one`
        compute single tiles of it.

    Raises:
        ValueError: If the radius is negative, the step not positive or the tile smaller than the step.

    Example:

        enlarge = in_tiles(function, radius=receptive_radius(network))
    """
    if radius < 0 or step < 1 or tile < step:
        raise ValueError(
            "`radius` must be at least 0, `step` at least 1 and `tile` at least `step`. "
            f"Received: {radius=}, {tile=}, {step=}"
        )
    margin = -(-radius // step) * step
    return Tiled(function, margin, tile // step * step, step, tf.as_dtype(keras.config.floatx()))
