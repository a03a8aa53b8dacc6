"""Distances between two distributions."""

import math
from collections.abc import Mapping, Sequence


def largest_difference(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, str]:
    """Returns the L-infinity distance of two distributions over names, and the name at which it is reached.

    >>> largest_difference({"a": 0.5, "b": 0.5}, {"a": 0.5, "b": 0.25, "c": 0.25})
    (0.25, 'b')
    """
    names = list(dict.fromkeys([*one, *other]))
    return max(((abs(one.get(name, 0.0) - other.get(name, 0.0)), name) for name in names), key=lambda pair: pair[0])


def jensen_shannon(one: Sequence[float], other: Sequence[float]) -> float:
    """Returns the Jensen-Shannon divergence of two distributions over the same bins, in bits (0: equal, 1: disjoint).

    It is the mean of the Kullback-Leibler divergences of both from their mean (Lin 1991, "Divergence Measures Based on
    the Shannon Entropy").

    >>> jensen_shannon([1.0, 0.0], [0.0, 1.0])
    1.0

    Raises:
        ValueError: they have different numbers of bins.
    """
    if len(one) != len(other):
        raise ValueError(f"`other` must have {len(one)} bins. Received: {len(other)}")
    total = 0.0
    for p, q in zip(one, other, strict=True):
        total += sum(0.5 * part * math.log2(2 * part / (p + q)) for part in (p, q) if part > 0)
    return total
