"""Pairs of images of the same or of different labels, and the similarity of their features."""

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.label_arrays import checked_labels
from keras_genssl.metrics.checked_features import finite_features
from keras_genssl.metrics.nearest import normalized

_CHUNK = 65_536  # pairs whose features are in memory at once


def verification_pairs(
    labels: npt.ArrayLike, num_pairs: int | None = None, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chooses pairs of examples to verify: all, or a random draw with equally many of one label and of two labels.

    Args:
        labels: ``(num,)`` of integers or strings.
        num_pairs: even, positive; None for all ``num (num - 1) / 2`` pairs, at 17 bytes each.
        seed: seed of the draw, which is uniform over the pairs of each kind and without repetition.

    Returns:
        ``first`` and ``second``, int64 positions ``(pairs,)``, and ``same``, bool ``(pairs,)``, which is true for pairs
        of one label. All pairs are sorted by ``first`` and ``second``; drawn pairs start with those of one label.

    Raises:
        ValueError: if an argument is invalid, or there are fewer pairs of a kind.

    Example:
        >>> first, second, same = verification_pairs([0, 1, 0])
        >>> first.tolist(), second.tolist(), same.tolist()
        ([0, 0, 1], [1, 2, 2], [False, True, False])
    """
    labels = checked_labels(labels)
    if len(labels) < 2:
        raise ValueError(f"`labels` must be (num,), two at least. Received: shape {labels.shape}")
    if num_pairs is None:
        first, second = np.triu_indices(len(labels), 1)
        return first, second, labels[first] == labels[second]
    if num_pairs < 2 or num_pairs % 2:
        raise ValueError(f"`num_pairs` must be positive and even, or None. Received: num_pairs={num_pairs}")
    # Sorted by label, the partners of an example are those after it in its class, or all those after its class.
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], labels[order], "right")
    after = np.arange(len(labels)) + 1
    rng = np.random.default_rng(seed)
    firsts, seconds = [], []
    for kind, begins, counts in (("one label", after, ends - after), ("two labels", ends, len(labels) - ends)):
        totals = np.cumsum(counts)
        if totals[-1] < num_pairs // 2:
            raise ValueError(
                f"`num_pairs` must be at most twice the number of pairs of {kind}, {totals[-1]}. "
                f"Received: num_pairs={num_pairs}"
            )
        drawn = rng.choice(totals[-1], num_pairs // 2, replace=False)
        place = np.searchsorted(totals, drawn, "right")
        partner = begins[place] + drawn - (totals[place] - counts[place])
        firsts.append(order[place])
        seconds.append(order[partner])
    return np.concatenate(firsts), np.concatenate(seconds), np.arange(num_pairs) < num_pairs // 2


def pair_similarities(
    features: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, normalize: bool = True
) -> np.ndarray:
    """Returns the similarity of the features of each pair.

    Args:
        features: float ``(num, dim)``.
        first: int positions ``(pairs,)``.
        second: int positions ``(pairs,)``.
        normalize: True for the cosine; False for minus the Euclidean distance of the features.

    Returns:
        float64 ``(pairs,)``, larger is more similar. Memory holds 65,536 pairs of features at a time.

    Raises:
        ValueError: if the shapes are invalid, a position is out of range, or a feature is not finite.

    Example:
        >>> pair_similarities([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]], [0, 0], [1, 2]).tolist()
        [0.0, 0.6]
    """
    first, second = np.asarray(first), np.asarray(second)
    features = finite_features(features)
    if first.ndim != 1 or first.shape != second.shape or {first.dtype.kind, second.dtype.kind} - {"i", "u"}:
        raise ValueError(
            "`first` and `second` must be integers (pairs,). "
            f"Received: {first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )
    if first.size and not (min(first.min(), second.min()) >= 0 and max(first.max(), second.max()) < len(features)):
        raise ValueError(f"`first` and `second` must lie in 0 ... {len(features) - 1}. Received: others among them")
    similarities = np.empty(len(first))
    for start in range(0, len(first), _CHUNK):
        rows = slice(start, start + _CHUNK)
        one, other = (features[part[rows]].astype(np.float64) for part in (first, second))
        if normalize:
            similarities[rows] = (normalized(one) * normalized(other)).sum(axis=1)
        else:
            similarities[rows] = -np.linalg.norm(one - other, axis=1)
    return similarities
