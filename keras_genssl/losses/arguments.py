"""Checks of the numbers that losses take as arguments, all with the same messages."""

from typing import Any

from keras_genssl.checks.numbers import finite, whole


def check_positive(**arguments: Any) -> None:
    """Raises ValueError unless each argument is a finite number above 0.

    Example:
        >>> check_positive(temperature=float("inf"))
        Traceback (most recent call last):
        ...
        ValueError: `temperature` must be positive and finite. Received: temperature=inf
    """
    for argument, value in arguments.items():
        finite(argument, value, 0, above=True)


def check_not_negative(**arguments: Any) -> None:
    """Raises ValueError unless each argument, such as a margin or weight, is a finite number of at least 0.

    Example:
        >>> check_not_negative(margin=-1)
        Traceback (most recent call last):
        ...
        ValueError: `margin` must be at least 0 and finite. Received: margin=-1
    """
    for argument, value in arguments.items():
        finite(argument, value, 0)


def check_finite(**arguments: Any) -> None:
    """Raises ValueError unless each argument is a finite number.

    Example:
        >>> check_finite(base=float("nan"))
        Traceback (most recent call last):
        ...
        ValueError: `base` must be finite. Received: base=nan
    """
    for argument, value in arguments.items():
        finite(argument, value)


def check_count(**arguments: Any) -> None:
    """Raises ValueError unless each argument is an integer of at least 1; 3.0 is not an integer.

    Example:
        >>> check_count(num_classes=2.5)
        Traceback (most recent call last):
        ...
        ValueError: `num_classes` must be an integer of at least 1. Received: num_classes=2.5
    """
    for argument, value in arguments.items():
        whole(argument, value)
