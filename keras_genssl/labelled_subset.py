"""Draws of a few examples of each class, which measures and data sets of few labels share."""

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.arrays import checked_labels


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
