"""Who it is: the nearest photographs, and how near is near enough."""

import dataclasses
import importlib.util
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.neighbours import nearest_images
from keras_genssl.checks.arrays import checked_labels


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


_SPARE = 16  # candidates beyond k, so that rounding hides none of the k nearest
# Squared norms that FAISS handles, from norms of 1e-15 ... 1e18. A squared distance is at most four times as large, and
# float32 ends at 3e38. At the other end, 1e-38, squares lose all digits, a rounding that is not counted below.
_SMALLEST, _LARGEST = 1e-30, 1e36


class Search:
    """Finds the k nearest vectors by Euclidean distance; ties are ordered by position.

    FAISS in float32, or NumPy in float64, proposes candidates by products, which round. Their distances are computed
    again in float64 and sorted. If the last candidate is too near to be sure of the k best, more are requested. So both
    give the same answers, also for equal vectors. If float32 cannot hold the squares, NumPy is used.

    Args:
        vectors: float32 `(num, dim)`, at least one vector.
        faiss: whether to use FAISS; None to use it if it is installed.

    Raises:
        ModuleNotFoundError: if `faiss` is true and FAISS is not installed.
    """

    def __init__(self, vectors: np.ndarray, faiss: bool | None = None) -> None:
        self._vectors = vectors[:0]
        self._longest = 0.0  # the largest squared norm
        self._library: Any = None
        self._index: Any = None
        if faiss or (faiss is None and importlib.util.find_spec("faiss") is not None):
            import faiss as library

            self._library = library
        self.extend(vectors)

    def extend(self, vectors: np.ndarray) -> None:
        """Adds vectors: `vectors` begins with those that are searched already."""
        new = vectors[len(self._vectors) :]
        if not len(new):
            return
        self._vectors = vectors
        self._longest = max(self._longest, float(np.einsum("ij,ij->i", new, new, dtype=np.float64).max()))
        if self._library is None or not _SMALLEST <= self._longest <= _LARGEST:
            self._index = None
            return
        if self._index is None:
            self._index, new = self._library.IndexFlatL2(vectors.shape[1]), vectors
        self._index.add(np.ascontiguousarray(new))

    def __call__(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns int64 positions and float64 distances of float32 queries, `(num_queries, k)`, nearest first."""
        indices = np.empty((len(queries), k), np.int64)
        distances = np.empty((len(queries), k))
        lengths = (queries.astype(np.float64) ** 2).sum(1)
        index = self._index if lengths.max(initial=0.0) <= _LARGEST else None
        precision = np.finfo(np.float64 if index is None else np.float32).eps
        rows, count = np.arange(len(queries)), k + _SPARE
        while len(rows):
            count = min(count, len(self._vectors))
            if index is None:
                candidates = nearest_images(queries[rows], self._vectors, count)[0]
            else:
                candidates = index.search(queries[rows], count)[1]
            found, squares = self._measured(queries[rows], candidates)
            # All other vectors lie, up to rounding, beyond the last candidate.
            tolerance = 8 * precision * self._vectors.shape[1] * (lengths[rows] + self._longest)
            sure = (count == len(self._vectors)) | (squares[:, -1] - tolerance > squares[:, k - 1])
            indices[rows[sure]], distances[rows[sure]] = found[sure, :k], np.sqrt(squares[sure, :k])
            rows, count = rows[~sure], 4 * count
        return indices, distances

    def _measured(self, queries: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sorts candidates by their squared distances in float64."""
        squares = np.stack([squared_distances(queries, self._vectors[column]) for column in found.T], axis=1)
        order, rows = np.lexsort((found, squares), axis=1), np.arange(len(queries))[:, None]
        return found[rows, order], squares[rows, order]


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns squared distances of paired rows `(num, dim)`, float64 `(num,)`, by differences, as galleries decide."""
    return ((first.astype(np.float64) - second) ** 2).sum(1)


_CELLS = 2**22  # size of a block of distances: 32 MiB


@dataclasses.dataclass(frozen=True)
class Calibration:
    """A threshold, and its rates on the pairs that it was chosen with.

    Attributes:
        threshold: distances up to it are accepted.
        false_accept_rate: the share of accepted impostor pairs (two photographs of different people), at most the
            requested rate.
        true_accept_rate: the share of accepted genuine pairs (two photographs of one person); NaN without such pairs.
        num_impostors: number of impostor pairs.
        num_genuine: number of genuine pairs.
    """

    threshold: float
    false_accept_rate: float
    true_accept_rate: float
    num_impostors: int
    num_genuine: int


def calibrate_threshold(embeddings: npt.ArrayLike, identities: npt.ArrayLike, false_accept_rate: float) -> Calibration:
    """Chooses the largest threshold that accepts at most a given share of all pairs of different people.

    All pairs are measured, block by block; memory grows only with the number of accepted impostors. The threshold lies
    halfway between the largest accepted distance and the next one. Distances are those by which `Gallery` decides, to
    the bit. The rate is that of *one* comparison: a stranger compared with a gallery of n people has n chances.

    Args:
        embeddings: `(num, dim)`, finite, of people that the encoder was not trained on.
        identities: `(num,)`, the person on each photograph: names, or integers.
        false_accept_rate: in (0, 1), both ends excluded.

    Returns:
        `Calibration`.

    Raises:
        ValueError: if an argument is invalid, if there are fewer than `1 / false_accept_rate` impostor pairs, too
            few to measure such a rate, or if more than that share of them has distance 0, which every threshold
            accepts.

    Example:
        >>> calibrate_threshold([[0.0], [1.0], [5.0], [9.0]], ["a", "a", "b", "c"], 0.4)
        Calibration(threshold=4.5, false_accept_rate=0.4, true_accept_rate=1.0, num_impostors=5, num_genuine=1)
    """
    embeddings = np.asarray(embeddings, np.float64)
    if embeddings.ndim != 2:
        raise ValueError(f"`embeddings` must be (num, dim). Received: shape {embeddings.shape}")
    identities = checked_labels(identities, "identities", embeddings)
    if not np.isfinite(embeddings).all():
        raise ValueError("`embeddings` must be finite. Received: NaN or infinity")
    if not 0 < false_accept_rate < 1:
        raise ValueError(f"`false_accept_rate` must lie inside (0, 1). Received: {false_accept_rate}")
    # Numbers replace the names, since all pairs are compared.
    _, identities, counts = np.unique(identities, return_inverse=True, return_counts=True)
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
    slack = _slack(embeddings)
    nearest = np.empty(0)
    for start, proposed, impostors, _ in _blocks(embeddings, identities):
        limit = np.inf
        if np.count_nonzero(impostors) > accepted:
            limit = np.partition(proposed[impostors], accepted)[accepted] + 2 * slack
        if len(nearest) > accepted:
            limit = min(limit, nearest.max() ** 2 + slack)
        measured = _measured(embeddings, start, impostors & (proposed <= limit))
        nearest = np.concatenate([nearest, measured])
        if len(nearest) > accepted + 1:
            nearest = np.partition(nearest, accepted)[: accepted + 1]
    nearest.sort()
    if not nearest[accepted]:
        raise ValueError(
            f"`false_accept_rate` cannot be kept: any threshold accepts pairs at distance 0. Received: {accepted + 1} "
            f"such pairs of different people or more, of {num_impostors}, with a rate of {false_accept_rate}; one "
            "photograph under two names, or an encoder that gives all people one embedding?"
        )
    # Equal distances are all accepted or all rejected, so fewer may be accepted than requested, never more.
    below = nearest[nearest < nearest[accepted]]
    halfway = (nearest[accepted] + (below[-1] if len(below) else 0.0)) / 2
    threshold = float(
        min(halfway, np.nextafter(nearest[accepted], 0.0))
    )  # halfway between adjacent floats is one of them
    true_accepts = 0
    for start, proposed, _, genuine in _blocks(embeddings, identities):
        unsure = genuine & (np.abs(proposed - threshold**2) <= slack)
        true_accepts += int((genuine & ~unsure & (proposed < threshold**2)).sum())
        true_accepts += int((_measured(embeddings, start, unsure) <= threshold).sum())
    return Calibration(
        threshold,
        len(below) / num_impostors,
        true_accepts / num_genuine if num_genuine else math.nan,
        num_impostors,
        num_genuine,
    )


def _blocks(embeddings: np.ndarray, identities: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Yields rows of the matrix of pairs, from its diagonal on.

    Yields:
        The first row, which is also the first column; squared distances by products, which round; a mask of the pairs
        of different people; and a mask of the pairs of one person, with each pair once.
    """
    rows = max(1, _CELLS // max(1, len(embeddings)))
    squares = (embeddings**2).sum(1)
    for start in range(0, len(embeddings), rows):
        block = embeddings[start : start + rows]
        products = squares[start : start + rows, None] + squares[start:] - 2.0 * (block @ embeddings[start:].T)
        later = np.arange(len(embeddings) - start) > np.arange(len(block))[:, None]
        genuine = identities[start : start + rows, None] == identities[start:]
        yield start, products, later & ~genuine, later & genuine


def _slack(embeddings: np.ndarray) -> float:
    """Returns a bound on the rounding error between squares by products and squares by differences."""
    longest = float((embeddings**2).sum(1).max())
    return 32 * float(np.finfo(np.float64).eps) * (embeddings.shape[1] + 1) * longest


def _measured(embeddings: np.ndarray, start: int, chosen: np.ndarray) -> np.ndarray:
    """Returns the distances of chosen pairs of a block, as `Gallery` measures them."""
    rows, columns = np.nonzero(chosen)
    distances = np.empty(len(rows))
    step = max(1, _CELLS // embeddings.shape[1])
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        squares = squared_distances(embeddings[start + rows[part]], embeddings[start + columns[part]])
        distances[part] = np.sqrt(squares)
    return distances
