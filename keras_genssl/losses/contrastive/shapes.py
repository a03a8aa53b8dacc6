"""Checks of the shapes that the losses of views take."""

from typing import Any

from keras_genssl.checks.shapes import differ


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
