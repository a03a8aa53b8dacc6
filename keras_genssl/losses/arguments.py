"""The rules that numbers given to losses must keep, in one wording."""

import math
import numbers
from typing import Any


def check_positive(**arguments: Any) -> None:
    """Refuse what is not a number above 0 and finite, by its argument's name.

    Example:
        >>> check_positive(temperature=float("inf"))
        Traceback (most recent call last):
        ...
        ValueError: `temperature` must be positive and finite. Received: temperature=inf
    """
    for argument, value in arguments.items():
        if not _is_number(value) or not 0 < value < math.inf:
            raise ValueError(f"`{argument}` must be positive and finite. Received: {argument}={value!r}")


def check_not_negative(**arguments: Any) -> None:
    """Refuse what is not a number from 0 on and finite, by its argument's name: margins and weights.

    Example:
        >>> check_not_negative(margin=-1)
        Traceback (most recent call last):
        ...
        ValueError: `margin` must be at least 0 and finite. Received: margin=-1
    """
    for argument, value in arguments.items():
        if not _is_number(value) or not 0 <= value < math.inf:
            raise ValueError(f"`{argument}` must be at least 0 and finite. Received: {argument}={value!r}")


def check_finite(**arguments: Any) -> None:
    """Refuse what is not a finite number, by its argument's name.

    Example:
        >>> check_finite(base=float("nan"))
        Traceback (most recent call last):
        ...
        ValueError: `base` must be finite. Received: base=nan
    """
    for argument, value in arguments.items():
        if not _is_number(value) or not math.isfinite(value):
            raise ValueError(f"`{argument}` must be finite. Received: {argument}={value!r}")


def check_count(**arguments: Any) -> None:
    """Refuse what is not an integer from 1 on, by its argument's name; 3.0 is none.

    Example:
        >>> check_count(num_classes=2.5)
        Traceback (most recent call last):
        ...
        ValueError: `num_classes` must be an integer, at least 1. Received: num_classes=2.5
    """
    for argument, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
            raise ValueError(f"`{argument}` must be an integer, at least 1. Received: {argument}={value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real)  # Python's and NumPy's
