"""What counts as a whole number, and as a finite one in a range."""

import fractions
import json
import math

import numpy as np
import pytest

from keras_genssl.checks.numbers import finite, whole


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_integers_of_python_and_numpy_are_whole_and_go_into_json(value) -> None:
    assert json.dumps(whole("count", value, 3)) == "3"


@pytest.mark.parametrize(
    "value", [2, -3, 3.0, 3.5, np.float64(3), True, np.True_, "3", None, math.nan, [3], np.array(3)]
)
def test_what_is_not_whole_or_too_small(value) -> None:
    with pytest.raises(ValueError, match=r"^`count` must be an integer of at least 3\. Received: count="):
        whole("count", value, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0.0), (2, 2.0), (np.int64(2), 2.0), (np.float32(0.5), 0.5), (fractions.Fraction(1, 4), 0.25)],
)
def test_numbers_are_finite_and_go_into_json(value, expected: float) -> None:
    assert json.loads(json.dumps(finite("margin", value, 0))) == expected


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, np.float64("nan"), True, np.False_, "1", None, 1j, 10**400]
)
@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        ({}, "be finite"),
        ({"least": 0}, "be at least 0 and finite"),
        ({"least": 0, "above": True}, "be positive and finite"),
        ({"least": 0.5, "above": True}, "be above 0.5 and finite"),
        ({"least": 0, "most": 1}, r"lie in \[0, 1\]"),
        ({"least": 0, "most": 1, "above": True}, r"lie in \(0, 1\]"),
    ],
)
def test_what_is_no_finite_number(value, limits: dict, rule: str) -> None:
    with pytest.raises(ValueError, match=rf"^`margin` must {rule}\. Received: margin="):
        finite("margin", value, **limits)


@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        ({"least": 0}, (0, 1e300), (-1e-300,)),
        ({"least": 0, "above": True}, (1e-300,), (0, -1)),
        ({"least": 0, "most": 1}, (0, 1), (-0.1, 1.1)),
        ({}, (-1e300,), ()),
    ],
)
def test_the_ends_of_ranges(limits: dict, inside: tuple, outside: tuple) -> None:
    assert [finite("margin", value, **limits) for value in inside] == list(inside)
    for value in outside:
        with pytest.raises(ValueError, match="Received"):
            finite("margin", value, **limits)
