"""The measures of metric learning: whether the nearest images are of the same class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics.checked_features import checked_both, checked_features
from keras_genssl.metrics.nearest import Nearest


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
    100 MiB, and 16 KiB for each neighbour that a query needs at most (k or R).

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
