"""Exact nearest neighbours, for measures that look at many neighbours of many queries."""

import itertools
from collections.abc import Iterator

import numpy as np

_QUERIES, _GALLERY = 512, 8192  # size of a block: 32 MiB of similarities, whatever the sizes
_GRID = 2.0**32


class Nearest:
    """Exact search by cosine or by Euclidean distance, block by block.

    Products are computed in float64 and rounded to multiples of ``2^-32`` (of the largest squared norm, if vectors are
    not normalised), so copies of an image are equally near, whatever the blocks. On ties the first of the gallery
    counts as nearer. Memory in addition to the features: about 100 MiB, and 16 KiB for each requested neighbour.

    Args:
        queries: finite ``(num_queries, dim)``.
        gallery: finite ``(num_gallery, dim)``.
        own: int ``(num_queries,)``, for each query the row of the gallery that it must not find; None for no
            exclusion.
        normalize: whether vectors are divided by their norms, which gives the cosine. A vector of zeros has
            similarity 0 to all.
    """

    def __init__(
        self, queries: np.ndarray, gallery: np.ndarray, own: np.ndarray | None = None, normalize: bool = True
    ) -> None:
        self.queries, self.gallery, self.own, self.normalize = queries, gallery, own, normalize
        if not normalize:
            # Vectors minus their mean are shorter, so a difference of squares loses fewer digits.
            self._mean, self._scale = gallery.mean(axis=0, dtype=np.float64), 1.0
            longest = max(self._longest(queries), self._longest(gallery))
            self._scale = 2.0 ** np.ceil(np.log2(longest)) if longest else 1.0

    def blocks(self) -> Iterator[slice]:
        """Yields consecutive slices of the queries."""
        for start in range(0, len(self.queries), _QUERIES):
            yield slice(start, min(start + _QUERIES, len(self.queries)))

    def find(self, rows: slice, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the k nearest of each query of a block, nearest first.

        Args:
            rows: one of `blocks`.
            k: from 1 to the size of the gallery, minus one with ``own``.

        Returns:
            ``indices`` int64 ``(block, k)`` and ``similarities`` float64 of the same shape: cosines, or minus half
            the squared distances in a unit of their own.
        """
        queries = _GRID * self._vectors(self.queries[rows])
        halves = np.square(queries).sum(axis=1)[:, None] / (2 * _GRID)
        own = None if self.own is None else self.own[rows]
        indices, found = np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0))
        # A small block comes first. In the others, only values that beat the k best so far are considered.
        edges = [0, *range(_GALLERY // 8 + 1, len(self.gallery), _GALLERY), len(self.gallery)]
        for start, end in itertools.pairwise(edges):
            gallery = self._vectors(self.gallery[start:end])
            values = queries @ gallery.T
            if not self.normalize:
                values -= np.square(gallery).sum(axis=1) * (_GRID / 2)
                values -= halves
            if own is not None:
                inside = np.flatnonzero((own >= start) & (own < end))
                values[inside, own[inside] - start] = -np.inf
            columns, values = _candidates(values, found, k)
            indices, found = np.concatenate([indices, columns + start], axis=1), np.concatenate([found, values], axis=1)
            best = _largest(found, k)
            indices, found = np.take_along_axis(indices, best, axis=1), np.take_along_axis(found, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        return np.take_along_axis(indices, order, axis=1), np.take_along_axis(found, order, axis=1) / _GRID

    def _vectors(self, block: np.ndarray) -> np.ndarray:
        block = block.astype(np.float64)
        if self.normalize:
            return normalized(block)
        return (block - self._mean) / self._scale

    def _longest(self, vectors: np.ndarray) -> float:
        parts = (vectors[start : start + _GALLERY] for start in range(0, len(vectors), _GALLERY))
        return max(float(np.linalg.norm(self._vectors(part), axis=1).max()) for part in parts)


def normalized(vectors: np.ndarray) -> np.ndarray:
    """Returns float64 vectors divided by their norms; zeros stay zeros."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)  # its square may leave the range of floats
    vectors = vectors / np.where(largest > 0, largest, 1.0)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1.0)


def _candidates(values: np.ndarray, found: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the columns that may be among the k largest, ascending, and their rounded values; rows end in -inf."""
    if found.shape[1] == k:
        better = values >= found.min(axis=1, keepdims=True) + 0.5
        counts = better.sum(axis=1)
    if found.shape[1] < k or counts.max() > len(values[0]) // 8:
        columns = _largest(np.rint(values, out=values), k)
        return columns, np.take_along_axis(values, columns, axis=1)
    rows, columns = np.nonzero(better)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = np.zeros((len(values), counts.max()), np.int64)
    rounded = np.full(chosen.shape, -np.inf)
    chosen[rows, places], rounded[rows, places] = columns, np.rint(values[rows, columns])
    return chosen, rounded


def _largest(values: np.ndarray, k: int) -> np.ndarray:
    """Returns the columns of the k largest of each row, in ascending order; on ties the first."""
    num = values.shape[1]
    if num <= k:
        return np.broadcast_to(np.arange(num), values.shape)
    columns = np.argpartition(values, num - k, axis=1)[:, num - k :]
    smallest = np.take_along_axis(values, columns, axis=1).min(axis=1, keepdims=True)
    crowded = np.flatnonzero((values >= smallest).sum(axis=1) > k)
    if crowded.size:  # equal values on both sides of the border
        some, least = values[crowded], smallest[crowded]
        above, equal = some > least, some == least
        room = k - above.sum(axis=1, keepdims=True)
        chosen = above | (equal & (np.cumsum(equal, axis=1, dtype=np.int32) <= room))
        columns[crowded] = np.nonzero(chosen)[1].reshape(-1, k)
    return np.sort(columns, axis=1)
