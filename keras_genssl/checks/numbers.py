"""Numbers that a user gives as arguments: whole ones of a least size, and finite ones in a range."""

import math
import numbers
from typing import Any


def whole(name: str, value: Any, least: int = 1) -> int:
    """Returns an integer, Python's or NumPy's, as Python's.

    Args:
        name: The argument's name, for the message.
        value: What the user gave.
        least: The smallest value that is allowed.

    Raises:
        ValueError: If it is no integer (3.0, True and "3" are none), or smaller.

    Example:
        >>> import numpy as np
        >>> whole("num_samples", np.int64(3))
        3
        >>> whole("num_samples", 2.5)
        Traceback (most recent call last):
        ...
        ValueError: `num_samples` must be an integer of at least 1. Received: num_samples=2.5
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    return int(value)


def finite(name: str, value: Any, least: float = -math.inf, most: float = math.inf, *, above: bool = False) -> float:
    """Returns a finite number, Python's or NumPy's, as a Python float.

    Args:
        name: The argument's name, for the message.
        value: What the user gave.
        least: The smallest value that is allowed.
        most: The largest value that is allowed.
        above: Whether `least` itself is refused.

    Raises:
        ValueError: If it is no number (True and "1" are none), NaN, infinite or outside the range.

    Example:
        >>> finite("margin", 1, least=0)
        1.0
        >>> finite("margin", float("nan"), least=0)
        Traceback (most recent call last):
        ...
        ValueError: `margin` must be at least 0 and finite. Received: margin=nan
    """
    number = _as_float(value)
    if not (math.isfinite(number) and least <= number <= most) or (above and number == least):
        raise ValueError(f"`{name}` must {_rule(least, most, above)}. Received: {name}={value!r}")
    return number


def _as_float(value: Any) -> float:
    """A number as a float; NaN for what is no number, or too large for a float."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _rule(least: float, most: float, above: bool) -> str:
    if most < math.inf:
        return f"lie in {'(' if above else '['}{least:g}, {most:g}]"
    if least == -math.inf:
        return "be finite"
    if above:
        return "be positive and finite" if least == 0 else f"be above {least:g} and finite"
    return f"be at least {least:g} and finite"
