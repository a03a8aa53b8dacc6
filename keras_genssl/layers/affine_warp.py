"""Affine maps of the plane, and images warped by them with gathers, through which gradients of any order pass."""

from typing import Any

from keras import ops

from keras_genssl.layers.image_augmentation import sampled


def scaled(across: Any, down: Any) -> Any:
    """The maps `(x, y) -> (across x, down y)`, `(batch, 3, 3)`, of factors `(batch,)`."""
    zero, one = ops.zeros_like(across), ops.ones_like(across)
    return _matrices([across, zero, zero], [zero, down, zero], [zero, zero, one])


def turned(cosine: Any, sine: Any) -> Any:
    """Rotations about the origin by angles with given cosines and sines `(batch,)`, `(batch, 3, 3)`.

    x points right and y down, so an angle above 0 turns clockwise.
    """
    zero, one = ops.zeros_like(cosine), ops.ones_like(cosine)
    return _matrices([cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one])


def quarter_turns(turns: Any, dtype: str) -> Any:
    """Rotations by quarter turns, int32 `(batch,)` in [0, 4), `(batch, 3, 3)`, without a rounding."""
    even, sign = ops.cast(1 - turns % 2, dtype), ops.cast(1 - 2 * (turns // 2), dtype)
    return turned(even * sign, (1.0 - even) * sign)


def moved(right: Any, down: Any) -> Any:
    """Translations by pixels `(batch,)`, `(batch, 3, 3)`."""
    zero, one = ops.zeros_like(right), ops.ones_like(right)
    return _matrices([one, zero, right], [zero, one, down], [zero, zero, one])


def composed(first: Any, *others: Any) -> Any:
    """The products of matrices `(batch, 3, 3)` in the given order, so that the last one acts first.

    Sums of products, not `matmul`, which rounds to fewer digits on some devices: pixels would miss their places.
    """
    for other in others:
        first = ops.sum(ops.expand_dims(first, 3) * ops.expand_dims(other, 1), axis=2)
    return first


def warped(images: Any, sources: Any) -> Any:
    """Images by bilinear interpolation at other places; outside of an image it is reflected at its border pixels.

    Args:
        images: float `(batch, h, w, c)`.
        sources: `(batch, 3, 3)`, maps a pixel's place in the result to its place in the image, both from the centre.

    Returns:
        Images of the same shape.
    """
    height, width = images.shape[1:3]
    middle, centre = (height - 1) / 2, (width - 1) / 2
    y = ops.reshape(ops.arange(height, dtype=images.dtype) - middle, (1, -1, 1))
    x = ops.reshape(ops.arange(width, dtype=images.dtype) - centre, (1, 1, -1))
    across, down = (
        _entry(sources, row, 0) * x + _entry(sources, row, 1) * y + _entry(sources, row, 2) for row in (0, 1)
    )
    (top, below), (left, right) = _neighbours(down + middle, height), _neighbours(across + centre, width)
    corners = [(row, column) for row in (top, below) for column in (left, right)]
    # One gather of all corners: its gradient is one scatter.
    pixels = sampled(images, ops.concatenate([row * width + column for (row, _), (column, _) in corners], axis=1))
    weights = ops.concatenate([of_row * of_column for (_, of_row), (_, of_column) in corners], axis=1)
    return sum(ops.split(pixels * ops.expand_dims(weights, 3), 4, axis=1))


def _neighbours(places: Any, side: int) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """The pixels before and after places along an axis of `side` pixels, int32, each with its weight."""
    before = ops.floor(places)
    share = places - before
    whole = ops.cast(before, "int32")
    return (_reflected(whole, side), 1.0 - share), (_reflected(whole + 1, side), share)


def _reflected(places: Any, side: int) -> Any:
    """Integers mapped into [0, side) as by mirrors at the first and the last pixel."""
    if side == 1:
        return ops.zeros_like(places)
    period = 2 * (side - 1)
    places = ops.mod(places, period)
    return ops.minimum(places, period - places)


def _entry(matrices: Any, row: int, column: int) -> Any:
    return ops.reshape(matrices[:, row, column], (-1, 1, 1))


def _matrices(*rows: list[Any]) -> Any:
    return ops.stack([ops.stack(row, axis=1) for row in rows], axis=1)
