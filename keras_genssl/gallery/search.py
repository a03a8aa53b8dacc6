"""Exact nearest neighbours, with FAISS if it is installed."""

import importlib.util
from typing import Any

import numpy as np

from keras_genssl.analysis.retrieval import nearest_images

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
