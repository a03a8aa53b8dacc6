"""Scores from the nearest features: k-nearest-neighbour accuracy, and retrieval."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics.feature_statistics import checked_both, checked_features, checked_neighbours

_QUERIES, _GALLERY = 2048, 2048  # size of a block: 32 MiB of similarities, whatever the sizes
_GRID = 2.0**32


class Nearest:
    """Exact search by cosine or by Euclidean distance, block by block.

    Products are computed in float64 and rounded to multiples of ``2^-32`` (of the largest squared norm, if vectors are
    not normalised), so copies of an image are equally near, whatever the blocks. On ties the first of the gallery
    counts as nearer. Memory in addition to the features: about 100 MiB, and 64 KiB for each requested neighbour.

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


def knn_accuracy(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    gallery_features: npt.ArrayLike | None = None,
    gallery_labels: npt.ArrayLike | None = None,
    k: int = 20,
    temperature: float | None = 0.07,
) -> float:
    """Computes the accuracy of k nearest neighbours by cosine, each vote weighted by ``exp(similarity / T)``.

    Wu et al., 2018 (Section 3.4), use T = 0.07 and k = 200. This test of features needs no training. It is exact,
    deterministic, and needs about 100 MiB of memory in addition to the features, whatever the sizes. Of equally near
    neighbours the first of the gallery is taken. If classes have equal votes, the class of the nearest neighbour wins.

    Reference:
        - weighted votes: Wu et al. 2018, [Unsupervised Feature Learning via Non-Parametric Instance Discrimination,
          Section 3.4](https://arxiv.org/abs/1805.01978)

    Args:
        features: features of the images to classify, float ``(num, dim)``.
        labels: ``(num,)`` of integers or strings.
        gallery_features: features of the images with known labels, ``(num_gallery, dim)``; None for ``features``
            themselves, each excluded from its own search.
        gallery_labels: ``(num_gallery,)``; None if ``gallery_features`` is None.
        k: number of neighbours, from 1 to the size of the gallery (minus one without a gallery).
        temperature: T, positive; None for equal votes.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an argument is invalid, or a feature is not finite.

    Example:
        >>> gallery, labels = np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]]), [0, 1, 1]
        >>> [knn_accuracy([[3.0, 1.0]], [0], gallery, labels, k=3, temperature=T) for T in (0.07, None)]
        [1.0, 0.0]
    """
    if (gallery_features is None) != (gallery_labels is None):
        raise ValueError("`gallery_features` and `gallery_labels` must be given together. Received: one of them")
    if temperature is not None and not temperature > 0:
        raise ValueError(f"`temperature` must be positive or None. Received: temperature={temperature}")
    if gallery_features is None or gallery_labels is None:
        features, labels = gallery, known = checked_features(features, labels)
        own = np.arange(len(features))
    else:
        features, labels, gallery, known = checked_both(features, labels, gallery_features, gallery_labels, "gallery")
        own = None
    checked_neighbours(k, len(gallery) - (own is not None))
    known_classes, known = np.unique(known, return_inverse=True)
    search, correct = Nearest(features, gallery, own), 0
    for rows in search.blocks():
        indices, similarities = search.find(rows, k)
        weights = np.ones_like(similarities)
        if temperature is not None:
            weights = np.exp((similarities - similarities[:, :1]) / temperature)
        correct += int((known_classes[_vote(known[indices], weights)] == labels[rows]).sum())
    return correct / len(features)


def _vote(classes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the class of most votes in each row of neighbours, nearest first."""
    keys = np.arange(len(classes))[:, None] * (int(classes.max()) + 1) + classes
    _, ballot = np.unique(keys, return_inverse=True)
    votes = np.bincount(ballot.ravel(), weights.ravel())[ballot].reshape(classes.shape)
    return classes[np.arange(len(classes)), votes.argmax(axis=1)]


def retrieval_scores(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    gallery_features: npt.ArrayLike | None = None,
    gallery_labels: npt.ArrayLike | None = None,
    ks: Sequence[int] = (1,),
    normalize: bool = True,
) -> dict[str, float]:
    """Compute Recall@k, R-precision and MAP@R, from one exact search.

    R of a query is the number of gallery images of its label, excluding the query itself. The numbers equal those of
    the library of Musgrave et al., 2020:

        Recall@k     1 if one of the k nearest is of its label, else 0
        R-precision  the share of the R nearest that are of its label
        MAP@R        1/R times the sum, over those i of the R nearest that are of its label, of the precision among
                     the i nearest

    each averaged over the queries whose R is not 0: the only image of a label is not a query, but stays in the
    gallery. Of equally near images the first of the gallery counts as nearer. Memory in addition to the features: about
    100 MiB, and 64 KiB for each neighbour that a query needs at most (k or R).

    Reference:
        - Musgrave et al. 2020, [A Metric Learning Reality Check](https://arxiv.org/abs/2003.08505)

    Args:
        features: features of the queries, float ``(num, dim)``.
        labels: ``(num,)`` of integers or strings.
        gallery_features: ``(num_gallery, dim)``; None for ``features`` themselves, each excluded from its own search.
        gallery_labels: ``(num_gallery,)``; None if ``gallery_features`` is None.
        ks: each from 1 to the size of the gallery (minus one without a gallery).
        normalize: True to search by the cosine, which for vectors of norm 1 gives the order of the Euclidean
            distance; False to search by the Euclidean distance of the features.

    Returns:
        ``recall_at_k`` for each k, as ``recall_at_1``; ``r_precision``; ``map_at_r``: numbers in [0, 1].

    Raises:
        ValueError: if an argument is invalid, a feature is not finite, or there is no query with an R above 0.

    Example:
        >>> scores = retrieval_scores([[0.0], [1.0], [3.2], [6.0], [9.0]], [0, 1, 0, 0, 2], normalize=False)
        >>> {name: round(value, 3) for name, value in scores.items()}  # three queries, R = 2
        {'recall_at_1': 0.333, 'r_precision': 0.5, 'map_at_r': 0.333}
    """
    if (gallery_features is None) != (gallery_labels is None):
        raise ValueError("`gallery_features` and `gallery_labels` must be given together. Received: one of them")
    own: np.ndarray | None = None
    if gallery_features is None or gallery_labels is None:
        features, labels = gallery, known = checked_features(features, labels)
        own = np.arange(len(features))
    else:
        features, labels, gallery, known = checked_both(features, labels, gallery_features, gallery_labels, "gallery")
    num_found = len(gallery) - (own is not None)
    for k in ks:
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
            raise ValueError(f"`ks` must each be an integer. Received: ks={tuple(ks)}")
    if not all(1 <= k <= num_found for k in ks):
        raise ValueError(f"`ks` must each lie in 1 ... {num_found}, the size of the gallery. Received: ks={tuple(ks)}")
    matches = _counts(labels, known) - (own is not None)
    queries = np.flatnonzero(matches > 0)
    if not len(queries):
        raise ValueError("`labels` must name a query, an image whose label another image of the gallery has.")
    features, labels, matches = features[queries], labels[queries], matches[queries]
    search = Nearest(features, gallery, None if own is None else own[queries], normalize)
    sums: dict[str, Any] = dict.fromkeys((*(f"recall_at_{k}" for k in ks), "r_precision", "map_at_r"), 0.0)
    for rows in search.blocks():
        r = matches[rows, None]
        relevant = known[search.find(rows, max(int(r.max()), *ks, 1))[0]] == labels[rows, None]
        for k in ks:
            sums[f"recall_at_{k}"] += relevant[:, :k].any(axis=1).sum()
        ranks = np.arange(1, relevant.shape[1] + 1)
        relevant &= ranks <= r
        sums["r_precision"] += (relevant.sum(axis=1) / r[:, 0]).sum()
        sums["map_at_r"] += ((relevant * np.cumsum(relevant, axis=1) / ranks).sum(axis=1) / r[:, 0]).sum()
    return {name: float(value / len(queries)) for name, value in sums.items()}


def recall_at_k(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    gallery_features: npt.ArrayLike | None = None,
    gallery_labels: npt.ArrayLike | None = None,
    k: int = 1,
    normalize: bool = True,
) -> float:
    """Returns the share of queries that find an image of their label among the k nearest; see `retrieval_scores`.

    Args: those of `retrieval_scores`, with one ``k``.

    Reference:
        - Musgrave et al. 2020, [A Metric Learning Reality Check](https://arxiv.org/abs/2003.08505)

    Returns:
        A number in [0, 1].

    Raises: what `retrieval_scores` does.

    Example:
        >>> recall_at_k([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]], [0, 0, 0])
        1.0
    """
    scores = retrieval_scores(features, labels, gallery_features, gallery_labels, (k,), normalize)
    return scores[f"recall_at_{k}"]


def r_precision(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    gallery_features: npt.ArrayLike | None = None,
    gallery_labels: npt.ArrayLike | None = None,
    normalize: bool = True,
) -> float:
    """Returns the mean share of the R nearest that have the query's label; see `retrieval_scores`.

    Args: those of `retrieval_scores`, without ``ks``.

    Reference:
        - Musgrave et al. 2020, [A Metric Learning Reality Check](https://arxiv.org/abs/2003.08505)

    Returns:
        A number in [0, 1].

    Raises: what `retrieval_scores` does.

    Example:
        >>> r_precision([[0.0], [1.0], [3.0], [6.0]], [0, 1, 0, 1], normalize=False)
        0.0
    """
    return retrieval_scores(features, labels, gallery_features, gallery_labels, (), normalize)["r_precision"]


def map_at_r(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    gallery_features: npt.ArrayLike | None = None,
    gallery_labels: npt.ArrayLike | None = None,
    normalize: bool = True,
) -> float:
    """Returns the mean average precision among the R nearest; see `retrieval_scores`.

    Args: those of `retrieval_scores`, without ``ks``.

    Reference:
        - Musgrave et al. 2020, [A Metric Learning Reality Check](https://arxiv.org/abs/2003.08505)

    Returns:
        A number in [0, 1].

    Raises: what `retrieval_scores` does.

    Example:
        >>> map_at_r([[0.0]], [0], [[1.0], [2.0], [3.0]], [1, 0, 0], normalize=False)  # 1/2 (0 + 1/2)
        0.25
    """
    return retrieval_scores(features, labels, gallery_features, gallery_labels, (), normalize)["map_at_r"]


def _counts(labels: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Returns how often each label occurs in `among`."""
    classes, counts = np.unique(among, return_counts=True)
    places = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    return np.where(classes[places] == labels, counts[places], 0)
