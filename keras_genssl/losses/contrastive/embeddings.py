"""Embeddings of contrastive losses: checks of their shapes, and their directions."""

from typing import Any

from keras import ops

from keras_genssl.checks.tensors import differ
from keras_genssl.losses.adversarial import as_float


def check_pairs(y_true: Any, y_pred: Any) -> None:
    """Raises ValueError if the embeddings of two views are known not to have one shape ``(batch, dim)``.

    Example:
        >>> import numpy as np
        >>> check_pairs(np.ones((1, 3)), np.ones((2, 3)))
        Traceback (most recent call last):
        ...
        ValueError: `y_true` and `y_pred` must have one shape, (batch, dim). Received: shapes (1, 3) and (2, 3)
    """
    first, second = tuple(y_true.shape), tuple(y_pred.shape)
    if len(first) != 2 or len(second) != 2 or differ(first, second):
        raise ValueError(
            f"`y_true` and `y_pred` must have one shape, (batch, dim). Received: shapes {first} and {second}"
        )


def check_negatives(negatives: Any, queries: Any) -> None:
    """Raises ValueError if negatives are known not to be ``(num_negatives, dim)`` with the queries' dim."""
    shape, dim = tuple(negatives.shape), queries.shape[1]
    if len(shape) != 2 or differ(shape[1:], (dim,)):
        raise ValueError(f"`negatives` must have shape (num_negatives, {dim}). Received: a tensor of shape {shape}")


def check_labels(labels: Any, embeddings: Any) -> None:
    """Raises ValueError if the number of labels, ``(count,)``, is known not to be that of the images."""
    count, batch = labels.shape[0], embeddings.shape[0]
    if differ((count,), (batch,)):
        raise ValueError(f"`y_true` must hold a label for each image. Received: {count} labels, {batch} images")


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
