"""Labels that survive a cast to float32."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks import label_tensors


def first_with_label(labels: Any) -> Any:
    """For each example the place of the first with its label: equal where labels are, and small.

    A Keras loss casts ``y_true`` to float32, in which integers from 2**24 on meet others.

    Args:
        labels: integers ``(batch,)`` or ``(batch, 1)``; floats if they are whole, and small enough for their dtype to
            tell them from their neighbours.

    Returns:
        int32 ``(batch,)``.

    Raises:
        ValueError: if labels have another shape or dtype, or, where values are known, a float is none of these.

    Example:
        >>> first_with_label([2**24, 2**24 + 1, 2**24]).numpy().tolist()
        [0, 1, 0]
    """
    labels = label_tensors.checked_labels(labels, "y_true", floats=True, columns=True)
    return ops.cast(ops.argmax(ops.cast(labels[:, None] == labels[None, :], "int32"), axis=1), "int32")


def nan_unless_whole(embeddings: Any, labels: Any) -> Any:
    """The embeddings, all NaN if a float label is no integer: in a graph the loss has to say so.

    Args:
        embeddings: float ``(batch, ...)``.
        labels: as of `first_with_label`.
    """
    embeddings = ops.convert_to_tensor(embeddings)
    if "float" not in keras.backend.standardize_dtype(labels.dtype):
        return embeddings
    return ops.where(ops.all(label_tensors.are_whole(labels)), embeddings, math.nan)
