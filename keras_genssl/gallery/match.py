"""The answer to *who is it*, from a vote of the nearest photographs."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Match:
    """An answer of `Gallery.identify`.

    Attributes:
        identity: the person's name; None if unknown.
        distance: distance to the nearest photograph of that person, or of anybody if unknown.
    """

    identity: str | None
    distance: float


def vote(names: np.ndarray, distances: np.ndarray, threshold: float) -> Match:
    """Returns the most frequent name within the threshold; on a tie, the name of the nearest photograph.

    Args:
        names: `(k,)`, nearest first.
        distances: `(k,)`, of the photographs with these names.
        threshold: the largest distance that counts.

    Returns:
        A `Match`. If all lie beyond the threshold, it has no identity and the smallest distance.
    """
    near = distances <= threshold
    if not near.any():
        return Match(None, float(distances[0]))
    candidates, first, votes = np.unique(names[near], return_index=True, return_counts=True)
    chosen = min(range(len(candidates)), key=lambda number: (-votes[number], first[number]))
    return Match(str(candidates[chosen]), float(distances[first[chosen]]))


def checked(threshold: float | None) -> float:
    """Returns a threshold after a check that it is not negative, or infinity for None."""
    if threshold is None:
        return np.inf
    if not threshold >= 0:
        raise ValueError(f"`threshold` must not be negative. Received: threshold={threshold}")
    return float(threshold)
