"""Checks of labels in any Keras backend: integers, checked before they are cast."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.known import known


def checked_labels(labels: Any, name: str, floats: bool = False, columns: bool = False) -> Any:
    """Checks labels; returns them as a tensor of their dtype.

    Args:
        labels: A tensor or array.
        name: The argument's name, for messages.
        floats: Whether whole floats are allowed, because Keras may have cast labels. If values are known, floats that
            are not whole (1.5, NaN) or too large to be exact in their dtype are refused; see `are_whole`.
        columns: Whether `(batch, 1)` is allowed in place of `(batch,)`.

    Returns:
        `(batch,)`.

    Raises:
        ValueError: If they have another shape or dtype, such as strings, booleans, and ragged or sparse tensors.

    Example:
        >>> checked_labels([[3], [5]], "label", columns=True).numpy().tolist()
        [3, 5]
    """
    rule = f"`{name}` must hold integers of shape (batch,)" + (" or (batch, 1)" if columns else "")
    labels = _flat(labels, rule, ("int", "float") if floats else ("int",), columns)
    if "float" in _kind(labels) and known(lambda: ops.all(are_whole(labels)), labels) is False:
        raise ValueError(f"{rule}. Received: {_kind(labels)} that are no integers, or too large to tell them apart")
    return labels


def checked_shares(labels: Any, name: str) -> Any:
    """Checks labels that may be soft, such as 1 for a similar pair, 0 for another, and 0.5; booleans mean 0 and 1.

    Args:
        labels: A tensor or array, `(batch,)` or `(batch, 1)`.
        name: The argument's name, for messages.

    Returns:
        `(batch,)`, of their dtype.

    Raises:
        ValueError: If they have another shape, or are not numbers.
    """
    rule = f"`{name}` must hold numbers of shape (batch,) or (batch, 1)"
    return _flat(labels, rule, ("int", "float", "bool"), True)


def checked_indicators(labels: Any, name: str) -> Any:
    """Checks multi-hot labels: 1 for each class of an example, 0 for the others.

    Args:
        labels: A dense tensor or array of numbers or booleans, `(batch, classes)`.
        name: The argument's name, for messages.

    Returns:
        `(batch, classes)`, of their dtype.

    Raises:
        ValueError: If they have another shape, are not numbers, or, if values are known, one is negative or NaN.
    """
    rule = f"`{name}` must hold numbers of at least 0, of shape (batch, classes)"
    shape = shape_of(labels)
    if shape is None or len(shape) != 2 or not any(kind in _kind(labels) for kind in ("int", "float", "bool")):
        raise ValueError(f"{rule}. Received: {_kind(labels)} of shape {'unknown' if shape is None else shape}")
    labels = ops.convert_to_tensor(labels)
    if known(lambda: ops.all(ops.cast(labels, "float32") >= 0), labels) is False:
        numbers = ops.convert_to_numpy(ops.cast(labels, "float32"))
        raise ValueError(f"{rule}. Received: numbers from {numbers.min():g} to {numbers.max():g}")
    return labels


def are_whole(labels: Any) -> Any:
    """Whether labels `(batch,)` are whole numbers that are exact in their dtype, bool `(batch,)`."""
    kind = keras.backend.standardize_dtype(labels.dtype)
    if "float" not in kind:
        return ops.ones_like(labels, dtype="bool")
    digits = {"float64": 53, "float32": 24, "float16": 11}.get(kind, 8)
    return ops.logical_and(ops.floor(labels) == labels, ops.abs(labels) < 2.0**digits)


def inside(labels: Any, num_classes: int) -> Any:
    """Whether labels lie in [0, num_classes), bool `(batch,)`; not cast to int32 before, in which 2**32 is 0."""
    wide = _wide(labels)
    return ops.logical_and(wide >= 0, wide < num_classes)


def as_classes(labels: Any, num_classes: int) -> Any:
    """Labels as int32, -1 where one lies outside [0, num_classes)."""
    wide = _wide(labels)
    return ops.cast(ops.where(inside(labels, num_classes), wide, ops.full_like(wide, -1)), "int32")


def require_inside(labels: Any, num_classes: int, name: str) -> None:
    """Requires labels in [0, num_classes), if values are known.

    Raises:
        ValueError: If one lies outside.
    """
    if known(lambda: ops.all(inside(labels, num_classes)), labels) is False:
        numbers = ops.convert_to_numpy(labels)
        raise ValueError(
            f"`{name}` must lie in [0, {num_classes}). Received: numbers from {numbers.min()} to {numbers.max()}"
        )


def _wide(labels: Any) -> Any:
    """Labels in a signed dtype that holds them; only uint64 from 2**63 on wraps, to negative values outside as well."""
    kind = keras.backend.standardize_dtype(labels.dtype)
    return ops.cast(labels, "int64" if kind == "uint64" else keras.backend.result_type(kind, "int32"))


def _flat(labels: Any, rule: str, kinds: tuple[str, ...], columns: bool) -> Any:
    """Checks that labels are dense and of one of these kinds of dtype; returns them as a tensor `(batch,)`."""
    labels = as_array(labels, rule)
    dense = isinstance(labels, np.ndarray | np.generic | keras.KerasTensor) or ops.is_tensor(labels)
    dense = dense and not hasattr(labels, "row_splits") and not hasattr(labels, "dense_shape")
    shape = shape_of(labels)
    flat = shape is None or len(shape) == 1 or (columns and len(shape) == 2 and shape[1] in (1, None))
    if not dense or not flat or not any(kind in _kind(labels) for kind in kinds):
        what = _kind(labels) if dense else f"{type(labels).__name__} of {_kind(labels)}"
        raise ValueError(f"{rule}. Received: {what} of shape {'unknown' if shape is None else shape}")
    labels = ops.convert_to_tensor(labels)
    return labels if shape is not None and len(shape) == 1 else ops.reshape(labels, (-1,))


def shape_of(labels: Any) -> tuple[int | None, ...] | None:
    """The shape of a tensor or array; None for a TensorFlow tensor of unknown rank."""
    return None if getattr(labels.shape, "rank", 0) is None else tuple(labels.shape)


def as_array(labels: Any, rule: str) -> Any:
    """Converts lists to arrays; returns arrays and tensors unchanged.

    Raises:
        ValueError: With the rule as message, if a list's rows differ in length.
    """
    if hasattr(labels, "dtype"):
        return labels
    try:
        return np.asarray(labels)
    except ValueError as error:
        raise ValueError(f"{rule}. Received: {type(labels).__name__} that is no array: {error}") from error


def _kind(labels: Any) -> str:
    return getattr(labels.dtype, "name", str(labels.dtype))
