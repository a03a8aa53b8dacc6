"""Sorting of distances, the expensive part of mining: ``O(batch^2 log(batch))`` time, ``O(batch^2)`` memory."""

from typing import Any

from keras import ops


def nearest_first(keys: Any, labels: Any, own_class_first: bool) -> Any:
    """Sorts the batch for each anchor by its row of keys.

    Args:
        keys: float ``(batch, batch)``, a row per anchor.
        labels: ``(batch,)``.
        own_class_first: whether, among equal keys, those of the anchor's class come first; otherwise they come last.

    Returns:
        int32 ``(batch, batch)``: positions in the batch. No gradient.

    Example:
        >>> keys = ops.convert_to_tensor([[2.0, 2.0, 1.0]] * 3)
        >>> nearest_first(keys, ops.convert_to_tensor([0, 1, 2]), own_class_first=False)[0].numpy().tolist()
        [2, 1, 0]
    """
    # The sort is stable, so the order before it decides ties: columns are ordered by class, then rotated until the
    # anchor's class is first or last. (Sorting by two keys would cost a second sort of the whole matrix.)
    by_class = ops.argsort(labels)
    compare = ops.less if own_class_first else ops.less_equal
    before = ops.sum(ops.cast(compare(labels[None, :], labels[:, None]), "int32"), axis=1)
    places = ops.arange(ops.shape(labels)[0], dtype="int32")
    turned = (before[:, None] + places[None, :]) % ops.shape(labels)[0]
    columns = ops.cast(ops.take(by_class, turned), "int32")
    order = ops.argsort(take_in_rows(ops.stop_gradient(keys), columns), axis=1)
    return take_in_rows(columns, order)


def take_in_rows(values: Any, places: Any) -> Any:
    """``values[i, places[i, j]]``, ``(batch, batch)``; uses less memory than `ops.take_along_axis`."""
    rows, columns = ops.shape(values)[0], ops.shape(values)[1]
    starts = ops.arange(rows, dtype="int32")[:, None] * columns
    return ops.take(ops.reshape(values, (-1,)), ops.cast(places, "int32") + starts)


def places_of(mask: Any) -> Any:
    """The column of the k-th True of each row, at k; int32 ``(batch, batch)``, 0 beyond the last True.

    Example:
        >>> places_of(ops.convert_to_tensor([[False, True], [True, False]])).numpy().tolist()
        [[1, 0], [0, 0]]
    """
    rows, columns = ops.shape(mask)[0], ops.shape(mask)[1]
    mask = ops.cast(mask, "int32")
    k = ops.maximum(ops.cumsum(mask, axis=1) - 1, 0)
    flat = k + ops.arange(rows, dtype="int32")[:, None] * columns
    values = ops.reshape(mask * ops.arange(columns, dtype="int32"), (-1,))  # a sum of one value and zeros
    return ops.reshape(ops.segment_sum(values, ops.reshape(flat, (-1,)), rows * columns), (rows, columns))
