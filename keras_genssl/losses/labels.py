"""Labels that stay distinct when Keras casts them to float32."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks import tensors


def first_with_label(labels: Any) -> Any:
    """For each example, the position of the first example with the same label: a small number that replaces the label.

    A Keras loss casts ``y_true`` to float32, in which different integers from 2**24 on can become equal.

    Args:
        labels: integers ``(batch,)`` or ``(batch, 1)``; floats too, if they are whole and small enough to be exact in
            their dtype.

    Returns:
        int32 ``(batch,)``.

    Raises:
        ValueError: if labels have another shape or dtype, or a float is not such a number (if values are known).

    Example:
        >>> first_with_label([2**24, 2**24 + 1, 2**24]).numpy().tolist()
        [0, 1, 0]
    """
    labels = tensors.checked_labels(labels, "y_true", floats=True, columns=True)
    return ops.cast(ops.argmax(ops.cast(labels[:, None] == labels[None, :], "int32"), axis=1), "int32")


def nan_unless_whole(embeddings: Any, labels: Any) -> Any:
    """The embeddings, all NaN if a float label is not an integer: in a graph, where nothing can raise, the loss is NaN.

    Args:
        embeddings: float ``(batch, ...)``.
        labels: as in `first_with_label`.
    """
    embeddings = ops.convert_to_tensor(embeddings)
    if "float" not in keras.backend.standardize_dtype(labels.dtype):
        return embeddings
    return ops.where(ops.all(tensors.are_whole(labels)), embeddings, math.nan)
