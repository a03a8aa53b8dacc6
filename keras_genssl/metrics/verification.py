"""Same or different: the scores of pairs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.metrics.feature_statistics import finite_features
from keras_genssl.metrics.neighbours import normalized

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


def roc_auc(scores: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """Returns the probability that a positive scores higher than a negative; ties count half.

    This is the area under the ROC curve, and the Mann-Whitney statistic divided by the number of comparisons; 1/2 by
    chance. scikit-learn computes it. The positives are, for example, pairs of one label, scored by their similarity, or
    anomalies, scored by their error (`analysis.reconstruction_error`).

    Args:
        scores: ``(num,)``; infinities are allowed.
        positive: bool ``(num,)``, with both values.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if the shapes are invalid, a kind is missing, or a score is NaN.

    Example:
        >>> roc_auc([2.0, 4.0, 1.0, 2.0, 3.0], [True, True, False, False, False])
        0.75
    """
    from sklearn.metrics import roc_auc_score

    scores, positive = _checked(scores, positive, "scores", "positive")
    _, ranks = np.unique(scores, return_inverse=True)  # scikit-learn refuses infinities
    return float(roc_auc_score(positive, ranks))


def tar_at_far(similarities: npt.ArrayLike, same: npt.ArrayLike, far: float = 1e-3) -> tuple[float, float]:
    """Returns the share of accepted pairs of one label if at most a share ``far`` of the other pairs is accepted.

    Similarities *above* the threshold are accepted. The threshold is the lowest similarity of a pair of two labels that
    keeps the rate, also with ties; nothing is interpolated. With fewer than ``1 / far`` pairs of two labels none of
    them is accepted.

    Args:
        similarities: ``(pairs,)``, larger is more similar.
        same: bool ``(pairs,)``, with both values.
        far: false-accept rate, from 0 to below 1.

    Returns:
        The true-accept rate, in [0, 1], and the threshold.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> tar_at_far([0.9, 0.5, 0.1, 0.8, 0.4, 0.3, 0.2], [True] * 3 + [False] * 4, far=0.25)
        (0.6666666666666666, 0.4)
    """
    similarities, same = _checked(similarities, same)
    if not 0 <= far < 1:
        raise ValueError(f"`far` must lie in [0, 1). Received: far={far}")
    negative = np.sort(similarities[~same])[::-1]
    allowed = min(int(far * len(negative) * (1 + 1e-12)), len(negative) - 1)  # 0.29 x 100 is 28.999...
    threshold = negative[allowed]
    return float((similarities[same] > threshold).mean()), float(threshold)


def kfold_verification_accuracy(
    similarities: npt.ArrayLike, same: npt.ArrayLike, folds: int | npt.ArrayLike = 10, seed: int = 0
) -> dict[str, Any]:
    """Returns the accuracy of "same or different", with each fold's threshold chosen on the *other* folds.

    The protocol of Labeled Faces in the Wild (Huang et al., 2007). A threshold is the midpoint of two adjacent
    similarities that classifies most pairs of the other folds correctly (on ties the highest; infinite if accepting
    none or all is best). A pair is accepted above it.

    Reference:
        - folds: Huang et al. 2007, [Labeled Faces in the Wild](https://people.cs.umass.edu/~elm/papers/lfw.pdf)

    Args:
        similarities: ``(pairs,)``, larger is more alike.
        same: bool ``(pairs,)``.
        folds: the fold of each pair, int ``(pairs,)``, for example to keep each person in one fold; or a number of
            folds, at least 2, to which pairs are assigned at random, equally many of each kind (or one more).
        seed: seed of the random assignment.

    Returns:
        ``mean`` and ``deviation`` (of a sample) over folds, and ``accuracies`` and ``thresholds`` of the folds.

    Raises:
        ValueError: if an argument is invalid, or a fold is empty.

    Example:
        >>> kfold_verification_accuracy([0.9, 0.8, 0.7, 0.1, 0.2, 0.3], [True] * 3 + [False] * 3, folds=3)["accuracies"]
        [1.0, 1.0, 1.0]
    """
    similarities, same = _checked(similarities, same)
    if not np.isfinite(similarities).all():
        raise ValueError("`similarities` must be finite. Received: infinity among them")
    if np.isscalar(folds) or getattr(folds, "ndim", 1) == 0:
        folds = _dealt(same, folds, seed)
    folds = checked_labels(folds, "folds", same)
    if len(np.unique(folds)) < 2:
        raise ValueError(
            "`folds` must be a number of folds or the fold of each pair (pairs,), two folds at least, none empty. "
            f"Received: folds {np.unique(folds)[:10].tolist()}"
        )
    accuracies, thresholds = [], []
    for fold in np.unique(folds):
        held_out = folds == fold
        thresholds.append(_best_threshold(similarities[~held_out], same[~held_out]))
        accuracies.append(float(((similarities[held_out] > thresholds[-1]) == same[held_out]).mean()))
    return {
        "mean": float(np.mean(accuracies)),
        "deviation": float(np.std(accuracies, ddof=1)),
        "accuracies": accuracies,
        "thresholds": thresholds,
    }


def _dealt(same: np.ndarray, num_folds: Any, seed: int) -> np.ndarray:
    if isinstance(num_folds, bool) or not isinstance(num_folds, (int, np.integer)):
        raise ValueError(f"`folds` must be an integer, or the fold of each pair. Received: folds={num_folds!r}")
    if not 2 <= num_folds <= len(same):
        raise ValueError(f"`folds` must be 2 at least, and at most the pairs, {len(same)}. Received: folds={num_folds}")
    rng = np.random.default_rng(seed)
    folds, dealt = np.empty(len(same), np.int64), 0
    for kind in (True, False):
        members = rng.permutation(np.flatnonzero(same == kind))
        folds[members] = (
            dealt + np.arange(len(members))
        ) % num_folds  # the second kind continues where the first ended
        dealt += len(members)
    return folds


def _best_threshold(similarities: np.ndarray, same: np.ndarray) -> float:
    order = np.argsort(-similarities, kind="stable")
    values, signs = similarities[order], np.where(same[order], 1, -1)
    gains = np.concatenate([[0], np.cumsum(signs)])  # gains of accepting the first 0, 1 ... pairs
    ends = np.concatenate([[np.inf], values, [-np.inf]])
    gains = np.where(ends[:-1] > ends[1:], gains, gains.min() - 1)  # equal values are accepted together
    best = int(gains.argmax())
    if best in (0, len(values)):
        return float(ends[0] if best == 0 else ends[-1])
    return float(ends[best] / 2 + ends[best + 1] / 2)


def _checked(
    scores: npt.ArrayLike, positive: npt.ArrayLike, name: str = "similarities", positive_name: str = "same"
) -> tuple[np.ndarray, np.ndarray]:
    scores, positive = np.asarray(scores, np.float64), np.asarray(positive)
    if scores.ndim != 1 or positive.shape != scores.shape or positive.dtype != bool:
        raise ValueError(
            f"`{name}` must be (num,) and `{positive_name}` bool (num,). "
            f"Received: shape {scores.shape} and {positive.dtype} {positive.shape}"
        )
    if not positive.any() or positive.all():
        raise ValueError(f"`{positive_name}` must hold True and False. Received: one of them alone")
    if np.isnan(scores).any():
        raise ValueError(f"`{name}` must not be NaN. Received: NaN among them")
    return scores, positive
