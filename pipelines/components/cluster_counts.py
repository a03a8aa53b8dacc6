"""Statistics of finished clusters: sizes, distances, labels, and the images nearest to the centres."""

import collections
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.components.vectors import Vector


class ClusterCounts:
    """Counts all added images, in memory that does not grow with their number.

    Args:
        clusters: the number of clusters.
        nearest: the number of nearest images to keep for each cluster.
        labels: the names of the classes, if there are any.
    """

    def __init__(self, clusters: int, nearest: int, labels: Sequence[str] = ()) -> None:
        self._nearest, self._labels = nearest, labels
        self._sizes = [0] * clusters
        self._squares = [0.0] * clusters
        self._pairs = np.zeros((len(labels), clusters), np.int64)
        self._found: list[list[tuple[float, str, str]]] = [[] for _ in range(clusters)]

    def add(self, vector: Vector, cluster: int, distance: float) -> None:
        """Counts one image."""
        self._sizes[cluster] += 1
        self._squares[cluster] += distance**2
        if self._labels and vector.label is not None:
            self._pairs[vector.label, cluster] += 1
        self._found[cluster].append((distance, vector.key, vector.name))
        if len(self._found[cluster]) > 4 * self._nearest + 100:
            self._found[cluster] = sorted(self._found[cluster])[: self._nearest]

    def result(self) -> dict[str, Any]:
        """Returns the counts as a JSON value.

        Returns:
            `images`; `inertia`, the sum of squared distances; `nmi`, None without labels; `clusters`, a list of dicts:
            `size`, `rms_distance` (None for an empty cluster), `labels` (name -> count, largest first) and `nearest`
            (dicts of `key`, `name` and `distance`).
        """
        clusters = []
        for number, size in enumerate(self._sizes):
            counts = collections.Counter(
                {name: int(n) for name, n in zip(self._labels, self._pairs[:, number], strict=True) if n}
            )
            nearest = sorted(self._found[number])[: self._nearest]
            clusters.append(
                {
                    "size": size,
                    "rms_distance": (self._squares[number] / size) ** 0.5 if size else None,
                    "labels": dict(counts.most_common()),
                    "nearest": [{"key": key, "name": name, "distance": at} for at, key, name in nearest],
                }
            )
        return {
            "images": sum(self._sizes),
            "inertia": sum(self._squares),
            "nmi": mutual_information(self._pairs) if self._labels else None,
            "clusters": clusters,
        }


def mutual_information(counts: np.ndarray) -> float:
    """Returns the mutual information of a table of counts divided by the mean of both entropies, in [0, 1].

    This is `sklearn.metrics.normalized_mutual_info_score` without a list of all images. It is 1 if both have a single
    value.

    >>> mutual_information(np.array([[3, 0], [0, 5]]))
    1.0
    >>> mutual_information(np.array([[2, 2], [2, 2]]))
    0.0
    """
    joint = counts / counts.sum()

    def entropy(shares: np.ndarray) -> float:
        some = shares[shares > 0]
        return float(-(some * np.log(some)).sum())

    one, other = entropy(joint.sum(axis=0)), entropy(joint.sum(axis=1))
    if one == other == 0:
        return 1.0
    return min(1.0, max(0.0, 2 * (one + other - entropy(joint.ravel())) / (one + other)))
