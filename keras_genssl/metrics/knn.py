"""The accuracy of a nearest-neighbour classifier on features."""

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics.checked_features import checked_both, checked_features, checked_neighbours
from keras_genssl.metrics.nearest import Nearest


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
