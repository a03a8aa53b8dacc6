"""How good features are: linear classifiers, few labels, clusters."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.labelled_subset import labelled_subset
from keras_genssl.metrics.feature_statistics import checked_both, checked_features
from keras_genssl.metrics.neighbours import normalized


def linear_accuracy(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    train_features: npt.ArrayLike,
    train_labels: npt.ArrayLike,
    penalty: float = 1.0,
    max_steps: int = 1000,
) -> float:
    """Computes the accuracy of a logistic regression on frozen features: the linear probe.

    scikit-learn's `LogisticRegression` by L-BFGS, deterministic, in float64. Features are centred by the mean of the
    training features and divided by one number, the root of their mean variance. The objective is the *sum* of
    cross-entropies plus ``penalty / 2 |weights|²`` (intercepts free), so ``C = 1 / penalty``. A rotation of the
    features does not change the result. Dividing each dimension by its own deviation would whiten principal components,
    and make a baseline look worse.

    Args:
        features: features of the test images, float ``(num, dim)``.
        labels: ``(num,)`` of integers or strings.
        train_features: ``(num_train, dim)``.
        train_labels: ``(num_train,)``, of at least two classes.
        penalty: penalty on the squared weights, positive.
        max_steps: largest number of steps of L-BFGS, which warns if it has not converged by then.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an argument is invalid, or a feature is not finite.

    Example:
        >>> linear_accuracy([[0.2], [0.9], [1.8]], [0, 0, 1], [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        1.0
    """
    values = checked_both(features, labels, train_features, train_labels, "train")
    known, judged = rescaled(values[2], values[2]), rescaled(values[2], values[0])
    return fitted_accuracy(judged, values[1], known, values[3], penalty, max_steps)


def rescaled(reference: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Returns float64 features minus the mean of the reference features, divided by the root of their mean variance."""
    scale = np.sqrt(reference.var(axis=0, dtype=np.float64).mean())
    return (features - reference.mean(axis=0, dtype=np.float64)) / (scale or 1.0)


def fitted_accuracy(
    features: np.ndarray,
    labels: np.ndarray,
    train_features: np.ndarray,
    train_labels: np.ndarray,
    penalty: float,
    max_steps: int = 1000,
) -> float:
    """Computes `linear_accuracy` of features that are already rescaled."""
    from sklearn.linear_model import LogisticRegression

    if not penalty > 0:
        raise ValueError(f"`penalty` must be positive. Received: penalty={penalty}")
    if max_steps < 1:
        raise ValueError(f"`max_steps` must be positive. Received: max_steps={max_steps}")
    if len(np.unique(train_labels)) < 2:
        raise ValueError(f"`train_labels` must hold two classes at least. Received: {train_labels[0]} alone")
    if len(train_features) < train_features.shape[1]:
        # The penalty leaves no weight outside the span of these features, so a basis of it gives the same classifier.
        basis = np.linalg.qr(train_features.T).Q
        train_features, features = train_features @ basis, features @ basis
    classifier = LogisticRegression(C=1 / penalty, max_iter=max_steps).fit(train_features, train_labels)
    return float(classifier.score(features, labels))


def few_label_accuracy(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    train_features: npt.ArrayLike,
    train_labels: npt.ArrayLike,
    labels_per_class: int = 10,
    seeds: Iterable[int] = range(5),
    penalty: float = 1.0,
) -> dict[str, Any]:
    """Computes the accuracy of `linear_accuracy`'s classifier with few labels, over several draws of the labels.

    Features are centred and scaled with the statistics of *all* training features, for which no label is needed.

    Args:
        features: features of the test images, float ``(num, dim)``.
        labels: ``(num,)`` of integers or strings.
        train_features: ``(num_train, dim)``.
        train_labels: ``(num_train,)``; each draw uses few of them.
        labels_per_class: number of known labels per class, at least 1.
        seeds: seeds of the draws of labels, one for each draw.
        penalty: as in `linear_accuracy`.

    Returns:
        ``mean`` and ``deviation`` (of a sample, 0 for one draw) over the draws, and the ``accuracies`` themselves.

    Raises:
        ValueError: if an argument is invalid, or a feature is not finite.

    Example:
        >>> train = np.array([[0.0], [0.1], [1.0], [0.9]])
        >>> few_label_accuracy([[0.2], [0.8]], [0, 1], train, [0, 0, 1, 1], labels_per_class=1, seeds=range(3))
        {'mean': 1.0, 'deviation': 0.0, 'accuracies': [1.0, 1.0, 1.0]}
    """
    features, labels, known, known_labels = checked_both(features, labels, train_features, train_labels, "train")
    subsets = [labelled_subset(known_labels, labels_per_class, seed) for seed in seeds]
    if not subsets:
        raise ValueError("`seeds` must not be empty.")
    judged = rescaled(known, features)
    accuracies = [
        fitted_accuracy(judged, labels, rescaled(known, known[subset]), known_labels[subset], penalty)
        for subset in subsets
    ]
    deviation = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0
    return {"mean": float(np.mean(accuracies)), "deviation": deviation, "accuracies": accuracies}


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
