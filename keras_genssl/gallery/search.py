"""Exact nearest neighbours, with FAISS where it is installed."""

import importlib.util
from typing import Any

import numpy as np

from keras_genssl.analysis.retrieval import nearest_images

_SPARE = 16  # candidates beyond k, so that rounding hides none of the k nearest


class Search:
    """The k nearest of some vectors, by Euclidean distance, ties by position.

    FAISS in float32, or NumPy in float64, proposes candidates by products, which round. They are measured anew in
    float64 and sorted; where the last candidate is too near to be sure of the k best, more are asked for. So both
    answer the same, equal vectors included.

    Args:
        vectors: float32 `(num, dim)`, at least 1.
        faiss: whether FAISS is used; None: where it is installed.

    Raises:
        ModuleNotFoundError: if FAISS is asked for and not installed.
    """

    def __init__(self, vectors: np.ndarray, faiss: bool | None = None) -> None:
        self._vectors = vectors
        self._longest = float((vectors.astype(np.float64) ** 2).sum(1).max())
        self._index: Any = None
        if faiss or (faiss is None and importlib.util.find_spec("faiss") is not None):
            import faiss as library

            self._index = library.IndexFlatL2(vectors.shape[1])
            self._index.add(vectors)

    def __call__(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Of float32 queries, positions int64 and distances float64, both `(num_queries, k)`, nearest first."""
        indices = np.empty((len(queries), k), np.int64)
        distances = np.empty((len(queries), k))
        rows, count = np.arange(len(queries)), k + _SPARE
        while len(rows):
            count = min(count, len(self._vectors))
            found, squares = self._measured(queries[rows], self._candidates(queries[rows], count))
            # Whatever was passed over lies, but for rounding, beyond the last of those proposed.
            scale = (queries[rows].astype(np.float64) ** 2).sum(1) + self._longest
            precision = np.finfo(np.float64 if self._index is None else np.float32).eps
            tolerance = 8 * precision * self._vectors.shape[1] * scale
            sure = (count == len(self._vectors)) | (squares[:, -1] - tolerance > squares[:, k - 1])
            indices[rows[sure]], distances[rows[sure]] = found[sure, :k], np.sqrt(squares[sure, :k])
            rows, count = rows[~sure], 4 * count
        return indices, distances

    def _candidates(self, queries: np.ndarray, count: int) -> np.ndarray:
        if self._index is None:
            return nearest_images(queries, self._vectors, count)[0]
        return self._index.search(queries, count)[1]

    def _measured(self, queries: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Candidates by their squared distances in float64."""
        queries = queries.astype(np.float64)
        columns = [((queries - self._vectors[column].astype(np.float64)) ** 2).sum(1) for column in found.T]
        squares = np.stack(columns, axis=1)
        order, rows = np.lexsort((found, squares), axis=1), np.arange(len(queries))[:, None]
        return found[rows, order], squares[rows, order]
