"""Checks of the shapes that a loss compares; tensors of different shapes would be broadcast."""

from typing import Any

import numpy as np


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
