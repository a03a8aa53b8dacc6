"""The distance up to which two photographs are taken for one person, from a wanted false-accept rate."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

_CELLS = 2**22  # of a block of distances: 32 MiB


@dataclasses.dataclass(frozen=True)
class Calibration:
    """A threshold, and what it does to the pairs that it was chosen by.

    Attributes:
        threshold: distances up to it are accepted.
        false_accept_rate: the share of impostor pairs, two photographs of different people, that it accepts; at most
            the rate that was asked for.
        true_accept_rate: the share of genuine pairs, two photographs of one person; NaN where there is none.
        num_impostors: pairs of different people.
        num_genuine: pairs of one person.
    """

    threshold: float
    false_accept_rate: float
    true_accept_rate: float
    num_impostors: int
    num_genuine: int


def calibrate_threshold(embeddings: npt.ArrayLike, identities: npt.ArrayLike, false_accept_rate: float) -> Calibration:
    """Chooses the largest threshold that accepts no more than a share of all pairs of different people.

    All pairs are measured, block by block: memory grows with the number of accepted impostors alone. The threshold
    lies halfway between the farthest distance that is to be accepted and the next one that is not. A rate says what
    becomes of *one* comparison: a stranger who meets a gallery of n people has n chances.

    Args:
        embeddings: `(num, dim)`, finite, of people that the encoder was not trained on.
        identities: `(num,)`, who is on each photograph.
        false_accept_rate: inside (0, 1).

    Returns:
        `Calibration`.

    Raises:
        ValueError: if an argument is not as said, or there are fewer than `1 / false_accept_rate` impostor pairs, too
            few to tell such a rate.

    Example:
        >>> calibrate_threshold([[0.0], [1.0], [5.0], [9.0]], ["a", "a", "b", "c"], 0.4)
        Calibration(threshold=4.5, false_accept_rate=0.4, true_accept_rate=1.0, num_impostors=5, num_genuine=1)
    """
    embeddings, identities = np.asarray(embeddings, np.float64), np.asarray(identities)
    if embeddings.ndim != 2 or identities.shape != (len(embeddings),):
        raise ValueError(
            "`embeddings` must be (num, dim), and `identities` (num,). "
            f"Received: shapes {embeddings.shape} and {identities.shape}"
        )
    if not np.isfinite(embeddings).all():
        raise ValueError("`embeddings` must be finite. Received: NaN or infinity")
    if not 0 < false_accept_rate < 1:
        raise ValueError(f"`false_accept_rate` must lie inside (0, 1). Received: {false_accept_rate}")
    counts = np.unique(identities, return_counts=True)[1]
    num_genuine = int((counts * (counts - 1) // 2).sum())
    num_impostors = len(embeddings) * (len(embeddings) - 1) // 2 - num_genuine
    accepted = math.floor(false_accept_rate * num_impostors + 1e-9)  # 0.29 * 100 is 28.999...
    accepted = min(accepted, num_impostors - 1)
    if accepted < 1:
        needed = math.ceil(1 / false_accept_rate - 1e-9)
        raise ValueError(
            f"A false-accept rate of {false_accept_rate} needs at least {needed} pairs of photographs of different "
            f"people. Received: {num_impostors} pairs"
        )
    nearest = np.empty(0)
    for distances, genuine in _blocks(embeddings, identities):
        nearest = np.concatenate([nearest, distances[~genuine]])
        if len(nearest) > accepted + 1:
            nearest = np.partition(nearest, accepted)[: accepted + 1]
    nearest.sort()
    # Of equal distances all are accepted or none: fewer may be accepted than were asked for, never more.
    below = nearest[nearest < nearest[accepted]]
    threshold = float((nearest[accepted] + (below[-1] if len(below) else 0.0)) / 2)
    blocks = _blocks(embeddings, identities)
    true_accepts = sum(int((distances[genuine] <= threshold).sum()) for distances, genuine in blocks)
    return Calibration(
        threshold,
        len(below) / num_impostors,
        true_accepts / num_genuine if num_genuine else math.nan,
        num_impostors,
        num_genuine,
    )


def _blocks(embeddings: np.ndarray, identities: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The distance of each pair once, with whether the two are of one person."""
    rows = max(1, _CELLS // max(1, len(embeddings)))
    squares = (embeddings**2).sum(1)
    for start in range(0, len(embeddings), rows):
        block = embeddings[start : start + rows]
        products = squares[start : start + rows, None] + squares[start:] - 2.0 * (block @ embeddings[start:].T)
        later = np.arange(len(embeddings) - start) > np.arange(len(block))[:, None]
        genuine = identities[start : start + rows, None] == identities[start:]
        yield np.sqrt(np.maximum(products[later], 0.0)), genuine[later]
