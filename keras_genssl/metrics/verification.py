"""Measures of verification, *are these two the same*, from a similarity and a threshold on it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.label_arrays import checked_labels


def roc_auc(similarities: npt.ArrayLike, same: npt.ArrayLike) -> float:
    """Returns the probability that a pair of one label is more similar than a pair of two labels; ties count half.

    This is the area under the ROC curve, and the Mann-Whitney statistic divided by the number of comparisons; 1/2 by
    chance. scikit-learn computes it.

    Args:
        similarities: ``(pairs,)``, larger is more similar; infinities are allowed.
        same: bool ``(pairs,)``, with both values.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if the shapes are invalid, a kind is missing, or a similarity is NaN.

    Example:
        >>> roc_auc([2.0, 4.0, 1.0, 2.0, 3.0], [True, True, False, False, False])
        0.75
    """
    from sklearn.metrics import roc_auc_score

    similarities, same = _checked(similarities, same)
    _, ranks = np.unique(similarities, return_inverse=True)  # scikit-learn refuses infinities
    return float(roc_auc_score(same, ranks))


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


def _checked(similarities: npt.ArrayLike, same: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    similarities, same = np.asarray(similarities, np.float64), np.asarray(same)
    if similarities.ndim != 1 or same.shape != similarities.shape or same.dtype != bool:
        raise ValueError(
            "`similarities` must be (pairs,) and `same` bool (pairs,). "
            f"Received: shape {similarities.shape} and {same.dtype} {same.shape}"
        )
    if not same.any() or same.all():
        raise ValueError("`same` must hold pairs of one label and pairs of two. Received: one kind alone")
    if np.isnan(similarities).any():
        raise ValueError("`similarities` must not be NaN. Received: NaN among them")
    return similarities, same
