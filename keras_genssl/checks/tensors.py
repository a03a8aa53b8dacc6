"""Images and labels as tensors, looked at before they are used, in graphs too."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.arrays import BOUND, DTYPES, RANGE


def require_channels_last() -> None:
    """Requires Keras to use the library's order of axes, ``(batch, height, width, channels)``.

    Raises:
        ValueError: if Keras' layers are set to another order.

    Example:
        >>> require_channels_last()
    """
    data_format = keras.config.image_data_format()
    if data_format != "channels_last":
        raise ValueError(
            "`image_data_format` must be 'channels_last' for keras_genssl, whose images are (batch, height, width, "
            "channels): call keras.config.set_image_data_format('channels_last'), or set it in keras.json. "
            f"Received: image_data_format={data_format!r}"
        )


def asserted(tensor: Any, condition: Any, message: str) -> Any:
    """Returns a tensor that raises InvalidArgumentError with the message if a condition fails when the graph runs.

    Only TensorFlow's graphs can raise it, and not under XLA; elsewhere the tensor is returned unchanged.
    """
    if keras.backend.backend() != "tensorflow" or isinstance(tensor, keras.KerasTensor):
        return tensor
    import tensorflow as tf

    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(tensor)


def known(test: Callable[[], Any], *tensors: Any) -> bool | None:
    """The result of a test of tensors; None in a graph, where no value is known yet.

    Args:
        test: returns a boolean tensor. It is not called for symbolic tensors of Keras, nor in a graph of TensorFlow,
            which would keep the operations.
        tensors: the tensors that are tested.

    Example:
        >>> import numpy as np
        >>> known(lambda: keras.ops.any(np.array([0, 1]) > 0)), known(lambda: False, keras.KerasTensor((1,)))
        (True, None)
    """
    if any(isinstance(tensor, keras.KerasTensor) for tensor in tensors) or _in_graph():
        return None
    try:
        return bool(test())
    except TypeError:  # JAX raises it for the value of a traced tensor
        return None


def _in_graph() -> bool:
    """Whether TensorFlow is building a graph, which would keep and export the test although nothing uses it."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.executing_eagerly()


def check_same_shape(axes: slice = slice(None), **pair: Any) -> None:
    """Raises ValueError if the shapes of two tensors are known to differ.

    Args:
        axes: The axes that are compared.
        **pair: Two tensors, or other objects with a shape, by argument name.

    Raises:
        ValueError: If they differ.

    Example:
        >>> import numpy as np
        >>> check_same_shape(mean=np.ones((2, 3)), log_variance=np.ones((2, 1)))
        Traceback (most recent call last):
        ...
        ValueError: `mean` and `log_variance` must have one shape. Received: (2, 3) and (2, 1)
    """
    (name, first), (other, second) = ((name, _shape(value)) for name, value in pair.items())
    if len(first) != len(second) or differ(first[axes], second[axes]):
        beyond = " beyond the batch" if axes == slice(1, None) else ""
        raise ValueError(f"`{name}` and `{other}` must have one shape{beyond}. Received: {first} and {second}")


def check_last(name: str, value: Any, size: int) -> None:
    """Raises ValueError if the last axis of the argument `name` is known to have another size."""
    shape = _shape(value)
    if not shape or differ(shape[-1:], (size,)):
        raise ValueError(f"`{name}` must have shape (..., {size}). Received: a tensor of shape {shape}")


def differ(first: tuple[int | None, ...], second: tuple[int | None, ...]) -> bool:
    """Whether two shapes of the same rank differ in an axis that is known in both."""
    return any(None not in pair and pair[0] != pair[1] for pair in zip(first, second, strict=True))


def _shape(value: Any) -> tuple[int | None, ...]:
    """The shape of a tensor, or of numbers in lists."""
    return tuple(value.shape) if hasattr(value, "shape") else np.shape(value)


def signed(images: Any, name: str = "images", dtype: str | None = None) -> Any:
    """Images as float in [-1, 1]: scales uint8, and checks floats if their values are known.

    Args:
        images: A tensor or array of any shape.
        name: The argument's name, for messages.
        dtype: The dtype of the result; None: floats keep theirs, uint8 becomes `keras.config.floatx()`.

    Raises:
        ValueError: If they have another dtype; outside of graphs, where the check is cheap, also if a float is outside
            [-1, 1] or not finite.

    Example:
        >>> signed(np.array([0, 255], np.uint8)).numpy().tolist()
        [-1.0, 1.0]
    """
    images = as_float(images, name, dtype)
    require_range(images, -BOUND, BOUND, name, RANGE)
    return images


def require_images(images: Any, name: str = "images") -> Any:
    """Images of uint8 or float as they are, with the checks of `signed`, and without its copy.

    Raises:
        ValueError: As `signed` raises it.
    """
    images = images if hasattr(images, "dtype") else np.asarray(images)
    return images if keras.backend.standardize_dtype(images.dtype) == "uint8" else signed(images, name)


def as_float(images: Any, name: str = "images", dtype: str | None = None) -> Any:
    """Like `signed`, for a network's output: floats may leave [-1, 1].

    Raises:
        ValueError: If they have another dtype.
    """
    images = images if hasattr(images, "dtype") else np.asarray(images)
    kind = keras.backend.standardize_dtype(images.dtype)
    if kind == "uint8":
        return ops.cast(images, dtype or keras.config.floatx()) / 127.5 - 1.0
    if "float" not in kind:
        raise ValueError(f"{DTYPES}. Received: `{name}` of {kind}")
    return images if dtype is None else ops.cast(images, dtype)


def nearest_levels(images: Any) -> Any:
    """Floats as uint8, ``round((x + 1) 127.5)``, half to even as NumPy does; those outside [-1, 1] as 0 or 255.

    Example:
        >>> nearest_levels(ops.convert_to_tensor([-2.0, 0.0, 1.0])).numpy().tolist()
        [0, 128, 255]
    """
    return ops.cast(ops.round(ops.clip((images + 1.0) * 127.5, 0.0, 255.0)), "uint8")


def guarded(images: Any, low: float, high: float, name: str, rule: str) -> Any:
    """Checks that floats lie in [low, high]; in a graph that cannot raise an error, those outside become NaN.

    Raises:
        ValueError: If values are known, and one lies outside or is not finite.
        InvalidArgumentError: When run in a graph of TensorFlow; XLA drops this check.
    """
    if require_range(images, low, high, name, rule):
        return images
    inside = ops.logical_and(images >= low, images <= high)
    images = ops.where(inside, images, float("nan"))
    return asserted(images, ops.all(inside), f"{rule}. Received: `{name}` leaves the range")


def require_range(images: Any, low: float, high: float, name: str, rule: str) -> bool:
    """Returns whether the values of images are known; raises ValueError if one is outside [low, high] or NaN."""
    inside = known(lambda: ops.all(ops.logical_and(images >= low, images <= high)), images)
    if inside is not None and not inside:
        values = ops.convert_to_numpy(ops.cast(images, "float32"))
        raise ValueError(f"{rule}. Received: `{name}` with values from {values.min():g} to {values.max():g}")
    return inside is not None


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


def inside(labels: Any, num_classes: int, least: int = 0) -> Any:
    """Whether labels lie in [least, num_classes), bool `(batch,)`; not cast to int32 before, in which 2**32 is 0."""
    wide = _wide(labels)
    return ops.logical_and(wide >= least, wide < num_classes)


def as_classes(labels: Any, num_classes: int, least: int = 0) -> Any:
    """Labels as int32; where one lies outside [least, num_classes), `least - 1`."""
    wide = _wide(labels)
    return ops.cast(ops.where(inside(labels, num_classes, least), wide, ops.full_like(wide, least - 1)), "int32")


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
