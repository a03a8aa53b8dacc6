"""The accuracy of a classifier with few labels on features."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.label_arrays import checked_labels
from keras_genssl.metrics.checked_features import checked_both
from keras_genssl.metrics.linear import fitted_accuracy, rescaled


def labelled_subset(labels: npt.ArrayLike, labels_per_class: int, seed: int) -> np.ndarray:
    """Draw equally many examples of each class.

    Args:
        labels: ``(num,)`` of integers or strings.
        labels_per_class: number of examples to draw of each class, at least 1.
        seed: seed of the draw.

    Returns:
        int64 positions ``(classes * labels_per_class,)``, without repetition.

    Raises:
        ValueError: if labels are invalid, there are none, or a class has fewer examples.

    Example:
        >>> labels = np.array([0, 1, 0, 1, 1])
        >>> np.bincount(labels[labelled_subset(labels, 2, seed=0)]).tolist()
        [2, 2]
    """
    labels = checked_labels(labels)
    if not len(labels):
        raise ValueError("`labels` must hold one at least. Received: none")
    classes, counts = np.unique(labels, return_counts=True)
    if not 1 <= labels_per_class <= counts.min():
        raise ValueError(
            f"`labels_per_class` must lie in 1 ... {counts.min()}, the size of the smallest class. "
            f"Received: labels_per_class={labels_per_class}"
        )
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(np.flatnonzero(labels == label), labels_per_class, replace=False) for label in classes]
    return np.concatenate(drawn)


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
