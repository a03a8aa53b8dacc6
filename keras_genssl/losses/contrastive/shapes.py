"""Which shapes the losses of views take."""

from typing import Any

from keras_genssl.checks.shapes import differ


def check_pairs(y_true: Any, y_pred: Any) -> None:
    """Refuse two views' embeddings that are not both ``(batch, dim)`` and alike, where that is known.

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
    """Refuse negatives that are not ``(num_negatives, dim)`` with the queries' dim, where that is known."""
    shape, dim = tuple(negatives.shape), queries.shape[1]
    if len(shape) != 2 or differ(shape[1:], (dim,)):
        raise ValueError(f"`negatives` must have shape (num_negatives, {dim}). Received: a tensor of shape {shape}")


def check_labels(labels: Any, embeddings: Any) -> None:
    """Refuse labels, ``(count,)``, that are not one for each image, where that is known."""
    count, batch = labels.shape[0], embeddings.shape[0]
    if differ((count,), (batch,)):
        raise ValueError(f"`y_true` must hold a label for each image. Received: {count} labels, {batch} images")
