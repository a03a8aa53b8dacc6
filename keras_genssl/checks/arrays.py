"""Images and labels as NumPy arrays, looked at before they are used."""

from collections.abc import Sized
from typing import Any

import numpy as np

from keras_genssl.pretext.names import canonical_labels

BOUND = 1.0 + 1e-3
"""The largest magnitude of a float image; it allows for rounding by interpolation or half precision."""

DTYPES = "Images must be uint8, or float in [-1, 1]"
RANGE = "Float images must lie in [-1, 1]; pass uint8, or scale them"


def checked_images(images: Any, name: str = "images") -> np.ndarray:
    """Checks images of any shape; returns them as an array of their dtype.

    Raises:
        ValueError: if they are neither uint8 nor float, or a float is outside [-1, 1] or not finite.

    Example:
        >>> checked_images([300.0])
        Traceback (most recent call last):
        ...
        ValueError: Float images must lie in [-1, 1]; pass uint8, or scale them. Received: `images` with \
values from 300 to 300
    """
    array = np.asarray(images)
    if array.dtype == np.uint8:
        return array
    if not is_float(array.dtype):
        raise ValueError(f"{DTYPES}. Received: `{name}` of {array.dtype}")
    # NaN fails the comparison.
    if array.size and not (array.min() >= -BOUND and array.max() <= BOUND):
        raise ValueError(
            f"{RANGE}. Received: `{name}` with values from {float(array.min()):g} to {float(array.max()):g}"
        )
    return array


def signed(images: Any, name: str = "images") -> np.ndarray:
    """Images as float32 in [-1, 1].

    Raises:
        ValueError: as in `checked_images`.

    Example:
        >>> signed(np.array([0, 255], np.uint8)).tolist()
        [-1.0, 1.0]
    """
    array = checked_images(images, name)
    if array.dtype == np.uint8:
        return from_levels(array.astype(np.float32))
    return array.astype(np.float32)


def answered(images: Any, name: str) -> np.ndarray:
    """The output of a function of images as float32: uint8 is scaled; floats may leave [-1, 1], as a network's may.

    Raises:
        ValueError: if it is neither uint8 nor float.
    """
    array = np.asarray(images)
    return array.astype(np.float32) if is_float(array.dtype) else signed(array, name)


def levels(images: Any, name: str = "images") -> np.ndarray:
    """Images as uint8, as in a file: ``round((x + 1) 127.5)``; uint8 images are not changed.

    Raises:
        ValueError: as in `checked_images`.

    Example:
        >>> levels([-1.0, 0.0, 1.0]).tolist()
        [0, 128, 255]
    """
    array = checked_images(images, name)
    return array if array.dtype == np.uint8 else nearest_levels(array)


def from_levels(values: np.ndarray) -> np.ndarray:
    """Levels of 8 bits, fractions of them too, as floats in [-1, 1]: ``x / 127.5 - 1``, in the precision of floats."""
    return values / 127.5 - 1.0


def level_batch(images: Any, name: str = "images") -> np.ndarray:
    """A batch of images, `(num, height, width, channels)`, as uint8.

    Raises:
        ValueError: if it has another rank, and as in `checked_images`.
    """
    array = np.asarray(images)
    if array.ndim != 4:
        raise ValueError(f"`{name}` must be (num, height, width, channels). Received: shape {array.shape}")
    return levels(array, name)


def nearest_levels(images: Any) -> np.ndarray:
    """Floats as uint8, ``round((x + 1) 127.5)``; those outside [-1, 1] as 0 or 255.

    Example:
        >>> nearest_levels([-2.0, 0.0, 1.0]).tolist()
        [0, 128, 255]
    """
    return np.rint((np.asarray(images).astype(np.float32) + 1.0) * 127.5).clip(0, 255).astype(np.uint8)


def is_float(dtype: np.dtype) -> bool:
    """Whether a dtype is a float of NumPy, or bfloat16, which NumPy does not know as a float."""
    return dtype.kind == "f" or dtype.name == "bfloat16"


def checked_labels(
    labels: Any,
    name: str = "labels",
    examples: Sized | int | None = None,
    *,
    num_classes: int | None = None,
    names: bool = True,
) -> np.ndarray:
    """Checks labels before they are cast; returns them as an array.

    Args:
        labels: `(num,)`: an array, a tensor, a list or a column of a table.
        name: The argument's name, for messages.
        examples: The examples, or their number; None: the number of labels.
        num_classes: If given, labels must be integers in [0, num_classes).
        names: Whether labels are only compared for equality, so that strings, booleans and whole floats are allowed
            too. If labels are used as class numbers or positions, they must be integers.

    Returns:
        int64 `(num,)`, or strings `(num,)` in Unicode's form NFC, so that two encodings of a name are one class.

    Raises:
        ValueError: If they have another shape or number (such as one-hot rows) or another dtype, one is missing (None
            or NaN), or an integer is outside [0, num_classes) or does not fit into int64.

    Example:
        >>> checked_labels([3, 5]).tolist(), checked_labels(["a", "b"]).tolist()
        ([3, 5], ['a', 'b'])
        >>> checked_labels([1.5])
        Traceback (most recent call last):
        ...
        ValueError: `labels` must be integers or strings (num,), one for each example. Received: float64 that are not \
whole, or too large to be told apart
    """
    names = names and num_classes is None
    inside = "" if num_classes is None else f" in [0, {num_classes})"
    rule = f"`{name}` must be integers{' or strings' if names else ''}{inside} (num,), one for each example"
    array = _as_array(labels, rule)
    if isinstance(examples, Sized):
        examples = len(examples)
    count = examples if examples is not None else len(array) if array.ndim else 0
    if array.shape != (count,):
        raise ValueError(f"{rule}. Received: {array.dtype} of shape {array.shape}{_advice(name, array, count)}")
    if names and is_float(array.dtype):
        array = _whole(array, rule)
    if array.dtype.kind in "iu" or not array.size or (names and array.dtype == bool):
        return _as_integers(array, rule, num_classes)
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "surrogateescape")
    if array.dtype.kind != "U" or not names:
        raise ValueError(f"{rule}. Received: {array.dtype} of shape {array.shape}")
    return canonical_labels(array)


def require_alike(labels: np.ndarray, others: np.ndarray, name: str, other_name: str) -> None:
    """Requires two arrays of labels to be both integers or both strings; otherwise no two would be equal.

    Raises:
        ValueError: If one has integers and the other strings.
    """
    if labels.dtype.kind != others.dtype.kind:
        raise ValueError(
            f"`{name}` and `{other_name}` must both be integers, or both strings. "
            f"Received: {labels.dtype} and {others.dtype}"
        )


def _as_array(labels: Any, rule: str) -> np.ndarray:
    """Labels as NumPy holds them, except that mixed strings and integers of a list or table are not all cast."""
    try:
        array = np.asarray(labels)
        mixed = array.dtype.kind in "US" and not hasattr(labels, "dtype")
        array = np.asarray(labels, object) if mixed else array
    except Exception as error:  # ragged rows, and whatever else refuses to be an array
        raise ValueError(f"{rule}. Received: {type(labels).__name__} that is no array: {error}") from error
    if array.dtype.kind != "O" or array.ndim != 1:
        return array
    types = {type(label) for label in array}
    for kinds in (str, bytes, (int, np.integer)):
        if all(issubclass(one, kinds) and not issubclass(one, bool) for one in types):
            return np.array(array.tolist()) if array.size else array
    raise ValueError(f"{rule}. Received: {', '.join(sorted(one.__name__ for one in types))} among them")


def _whole(array: np.ndarray, rule: str) -> np.ndarray:
    """Converts whole floats to integers; refuses those too large to be exact, in float32 from 2**24 on."""
    exact = 2.0 ** (np.finfo(array.dtype).nmant + 1 if array.dtype.kind == "f" else 8)
    if not ((np.floor(array) == array) & (np.abs(array) < exact)).all():
        raise ValueError(f"{rule}. Received: {array.dtype} that are not whole, or too large to be told apart")
    return array.astype(np.int64)


def _as_integers(array: np.ndarray, rule: str, num_classes: int | None) -> np.ndarray:
    if not array.size:
        return np.empty(0, np.int64)
    least, most = int(array.min()), int(array.max())
    if num_classes is not None and not 0 <= least <= most < num_classes:
        raise ValueError(f"{rule}. Received: {least if least < 0 else most} among them")
    if most > np.iinfo(np.int64).max:
        raise ValueError(f"{rule}, of 64 bits with their sign. Received: {most} among them")
    return array.astype(np.int64)


def _advice(name: str, array: np.ndarray, count: int) -> str:
    """Advice for the message: how to make labels from another common shape."""
    if array.shape == (count, 1):
        return f"; `{name}[:, 0]` is such"
    if array.ndim == 2 and len(array) == count:
        return f"; of one-hot rows `{name}.argmax(axis=1)` is such"
    return "" if array.ndim != 1 else f" for {count} examples"
