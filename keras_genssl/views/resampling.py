"""Linear maps of rows and columns with a matrix for each image, for cropping, resizing and blurring."""

from typing import Any

from keras import ops


def _triangle(x: Any) -> Any:
    return ops.relu(1 - x)


def _cubic(x: Any) -> Any:
    # Both pieces are 0 where they meet, at 1, so they can be added. A choice pixel by pixel would be slower.
    near, far = ops.minimum(x, 1.0), ops.clip(2 - x, 0.0, 1.0)
    return near * near * (1.5 * near - 2.5) + (far * far * (0.5 * far - 0.5) + 1)


KERNELS = {"bilinear": _triangle, "bicubic": _cubic}


def resizing(start: Any, length: Any, full: int, size: int, interpolation: str) -> Any:
    """Returns matrices that cut intervals out of `full` samples and resize them to `size`, as Pillow does.

    An output sample is the weighted mean of the input samples under the kernel. If the interval shrinks, the kernel is
    stretched accordingly (anti-aliasing). Samples outside the interval do not count.

    Args:
        start: Float `(batch,)`, the first sample of each interval.
        length: Float `(batch,)`, at least 1, the samples in each.
        full: The number of samples.
        size: The number of output samples.
        interpolation: A name in `KERNELS`; cubic is Keys' with a = -0.5.

    Returns:
        Float `(batch, size, full)`; rows sum to one.
    """
    start, length = start[:, None, None], length[:, None, None]
    step = length / size
    unit = 1 / ops.maximum(step, 1.0)  # unit of the kernel, in samples
    centres = start + (ops.arange(size, dtype=start.dtype)[None, :, None] + 0.5) * step
    samples = ops.arange(full, dtype=start.dtype)[None, None, :] + 0.5
    inside = ops.cast(ops.abs(samples - (start + length / 2)) < length / 2, start.dtype)  # (batch, 1, full)
    weights = KERNELS[interpolation](ops.abs(samples * unit - centres * unit)) * inside
    return weights / ops.sum(weights, axis=-1, keepdims=True)


def separable(planes: Any, rows: Any, columns: Any) -> Any:
    """Applies a matrix to the rows and a matrix to the columns of each image.

    Args:
        planes: Float `(c, batch, h, w)`.
        rows: Float `(batch, new h, h)`.
        columns: Float `(batch, new w, w)`.

    Returns:
        Float `(c, batch, new h, new w)`.
    """
    return ops.matmul(ops.matmul(rows, planes), ops.transpose(columns, (0, 2, 1)))
