"""Embeddings as points on the unit sphere."""

from typing import Any

from keras import ops

from keras_genssl.losses.adversarial.base import as_float

_SHORTEST = 1e-6


def directions(embeddings: Any) -> Any:
    """Embeddings divided by their length, in float32 at least.

    An embedding shorter than 1e-6 has no direction: it becomes zero, and no gradient reaches it (the gradient of the
    quotient would be as large as the inverse of the length, and NaN at 0). NaN stays NaN.

    Args:
        embeddings: float ``(..., dim)``.

    Returns:
        ``(..., dim)``, of length 1 along the last axis, or 0.

    Example:
        >>> [[round(float(x), 3) for x in row] for row in directions([[3.0, 4.0], [0.0, 0.0]])]
        [[0.6, 0.8], [0.0, 0.0]]
    """
    embeddings = as_float(embeddings)
    squares = ops.sum(ops.square(embeddings), axis=-1, keepdims=True)
    short = squares < _SHORTEST**2
    return ops.where(short, ops.zeros_like(embeddings), embeddings * ops.rsqrt(ops.where(short, 1.0, squares)))
