"""Linear maps of rows and columns, another one for each image: the matrices of cropping, resizing and blurring."""

from typing import Any

from keras import ops


def _triangle(x: Any) -> Any:
    return ops.relu(1 - x)


def _cubic(x: Any) -> Any:
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return ops.where(x < 1, near, ops.where(x < 2, far, 0.0))


KERNELS = {"bilinear": _triangle, "bicubic": _cubic}


def resizing(start: Any, length: Any, full: int, size: int, interpolation: str) -> Any:
    """Matrices that cut intervals out of `full` samples and resize them to `size`, as Pillow does.

    An output sample is the weighted mean of the input samples under the kernel; where the interval shrinks, the
    kernel is stretched with it (anti-aliasing). Samples outside the interval do not count.

    Args:
        start: Float `(batch,)`, the first sample of each interval.
        length: Float `(batch,)`, at least 1, the samples in each.
        full: The number of samples.
        size: The number wanted.
        interpolation: A name in `KERNELS`; cubic is Keys' with a = -0.5.

    Returns:
        Float `(batch, size, full)`; rows sum to one.
    """
    start, length = start[:, None, None], length[:, None, None]
    step = length / size
    centres = start + (ops.arange(size, dtype=start.dtype)[None, :, None] + 0.5) * step
    samples = ops.arange(full, dtype=start.dtype)[None, None, :] + 0.5
    weights = KERNELS[interpolation](ops.abs(samples - centres) / ops.maximum(step, 1.0))
    inside = ops.logical_and(samples > start, samples < start + length)
    weights = ops.where(inside, weights, 0.0)
    return weights / ops.sum(weights, axis=-1, keepdims=True)


def separable(images: Any, rows: Any, columns: Any) -> Any:
    """Images with a matrix of their own applied to their rows, and one to their columns.

    Args:
        images: Float `(batch, h, w, c)`.
        rows: Float `(batch, new h, h)`.
        columns: Float `(batch, new w, w)`.

    Returns:
        Float `(batch, new h, new w, c)`.
    """
    height, width, channels = images.shape[1:]
    new_height, new_width = rows.shape[1], columns.shape[1]
    # Two batched products of large matrices; a product per pixel row would be many of tiny ones.
    x = ops.matmul(rows, ops.reshape(images, (-1, height, width * channels)))
    x = ops.transpose(ops.reshape(x, (-1, new_height, width, channels)), (0, 2, 1, 3))
    x = ops.matmul(columns, ops.reshape(x, (-1, width, new_height * channels)))
    return ops.transpose(ops.reshape(x, (-1, new_width, new_height, channels)), (0, 2, 1, 3))
