"""Applies a convolutional network to images of any size in bounded memory."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

TILE = 512


def in_tiles(function: Callable[[Any], Any], radius: int, tile: int = TILE) -> Callable[[Any], Any]:
    """Returns the same function of images, computed tile by tile.

    Each tile is computed with a margin of `radius` pixels from its neighbours, and without a margin at the border of
    the image. The result equals that for the whole image if no output pixel depends on input pixels further away than
    `radius`. The memory needed is that of one tile and of the result.

    Args:
        function: Maps float32 `(batch, h, w, c)` to `(batch, h * s, w * s, d)` for an integer s, any h and w.
        radius: The largest distance of an input pixel that an output pixel depends on (`backbones.receptive_radius`).
        tile: The side of a tile in input pixels.

    Returns:
        A function with the same arguments and results; it may be exported.

    Raises:
        ValueError: If the radius is negative or the tile is not positive.

    Example:

        enlarge = in_tiles(model.upscale, radius=receptive_radius(model.network))
    """
    if radius < 0 or tile < 1:
        raise ValueError(f"`radius` must be at least 0 and `tile` at least 1. Received: {radius=}, {tile=}")

    def spans(size: tf.Tensor, number: tf.Tensor) -> tuple[tf.Tensor, ...]:
        start = number * tile
        stop = tf.minimum(start + tile, size)
        return start, stop, tf.maximum(start - radius, 0), tf.minimum(stop + radius, size)

    def along(axis: int, inner: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
        """Cuts images along one axis, computes each cut with its margin, and joins the results without margins."""
        size = tf.shape(images)[axis]
        count = (size + tile - 1) // tile
        order = [axis, *(other for other in range(4) if other != axis)]
        back = [order.index(each) for each in range(4)]

        def step(number: tf.Tensor, parts: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            start, stop, first, last = spans(size, number)
            cut = images[:, first:last] if axis == 1 else images[:, :, first:last]
            made = tf.transpose(inner(cut), order)
            scale = tf.shape(made)[0] // (last - first)
            return number + 1, parts.write(number, made[(start - first) * scale : (stop - first) * scale])

        parts = tf.TensorArray(tf.float32, count, element_shape=None, infer_shape=False)
        _, parts = tf.while_loop(lambda number, _: number < count, step, (tf.constant(0), parts), parallel_iterations=1)
        return tf.transpose(parts.concat(), back)

    def whole(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(function(images), tf.float32)

    @tf.function(autograph=False, reduce_retracing=True)
    def tiled(images: tf.Tensor) -> tf.Tensor:
        made = along(1, lambda strip: along(2, whole, strip), tf.convert_to_tensor(images))
        return tf.ensure_shape(made, (None, None, None, None))

    return tiled
