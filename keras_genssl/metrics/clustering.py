"""Measures of whether clusters of features match the classes."""

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.label_arrays import checked_labels
from keras_genssl.metrics.checked_features import checked_features
from keras_genssl.metrics.nearest import normalized


def cluster_agreement(clusters: npt.ArrayLike, labels: npt.ArrayLike) -> dict[str, float]:
    """Compares clusters, from any method, with classes.

    Reference:
        - AMI: Vinh et al. 2010, [Information Theoretic Measures for Clusterings
          Comparison](https://jmlr.org/papers/v11/vinh10a.html)

    Args:
        clusters: ``(num,)`` of integers or strings, the cluster of each example, under any numbering.
        labels: ``(num,)`` of integers or strings, of two classes at least.

    Returns:
        ``nmi``, mutual information over the mean of both entropies, in [0, 1]; ``ami``, the same adjusted for chance
        (Vinh et al., 2010), 0 in expectation for random clusters; and
        ``accuracy``, the share of examples whose cluster is that of their class under the best one-to-one
        assignment (Kuhn, 1955, the Hungarian method).

    Raises:
        ValueError: if clusters or labels are invalid, or there is only one class.

    Example:
        >>> [cluster_agreement(clusters, [1, 1, 0, 0])["accuracy"] for clusters in ([5, 5, 7, 7], [5, 5, 5, 7])]
        [1.0, 0.75]
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics import adjusted_mutual_info_score, normalized_mutual_info_score
    from sklearn.metrics.cluster import contingency_matrix

    clusters = checked_labels(clusters, "clusters")
    labels = checked_labels(labels, "labels", clusters)
    if len(np.unique(labels)) < 2:
        raise ValueError(f"`labels` must hold two classes at least. Received: {np.unique(labels).tolist()}")
    counts = contingency_matrix(labels, clusters)
    assigned = counts[linear_sum_assignment(counts, maximize=True)].sum()
    return {
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
        "ami": float(adjusted_mutual_info_score(labels, clusters)),
        "accuracy": float(assigned / len(labels)),
    }


def clustering_scores(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    num_clusters: int | None = None,
    normalize: bool = False,
    seed: int = 0,
    num_starts: int = 10,
) -> dict[str, float]:
    """Cluster features by k-means, without labels, and compare the clusters with the classes.

    scikit-learn's `KMeans` (k-means++), the best of several starts.

    Reference:
        - AMI: Vinh et al. 2010, [Information Theoretic Measures for Clusterings
          Comparison](https://jmlr.org/papers/v11/vinh10a.html)

    Args:
        features: float ``(num, dim)``.
        labels: ``(num,)``, of two classes at least.
        num_clusters: from 1 to ``num``; None for the number of classes.
        normalize: whether features are divided by their norms first.
        seed: seed of the starts.
        num_starts: number of starts, positive.

    Returns:
        ``nmi``, ``ami`` and ``accuracy``, as `cluster_agreement` explains.

    Raises:
        ValueError: if an argument is invalid, or a feature is not finite.

    Example:
        >>> clustering_scores([[0.0], [0.1], [5.0], [5.1]], [1, 1, 0, 0])
        {'nmi': 1.0, 'ami': 1.0, 'accuracy': 1.0}
    """
    from sklearn.cluster import KMeans

    features, labels = checked_features(features, labels)
    if num_clusters is None:
        num_clusters = len(np.unique(labels))
    if not 1 <= num_clusters <= len(features):
        raise ValueError(
            f"`num_clusters` must lie in 1 ... {len(features)}, the number of examples. "
            f"Received: num_clusters={num_clusters}"
        )
    if num_starts < 1:
        raise ValueError(f"`num_starts` must be positive. Received: num_starts={num_starts}")
    if normalize:
        features = normalized(features)
    return cluster_agreement(KMeans(num_clusters, n_init=num_starts, random_state=seed).fit_predict(features), labels)
