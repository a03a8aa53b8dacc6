"""Verification scores equal scikit-learn's ROC curve and naive loops over thresholds."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from keras_genssl import metrics
from keras_genssl.metrics import verification


def scored(num=300, seed=0, decimals=1):
    """Similarities with many ties."""
    rng = np.random.default_rng(seed)
    same = rng.random(num) < 0.4
    return np.round(rng.normal(size=num) + 1.5 * same, decimals), same


@pytest.mark.parametrize("decimals", [1, 15])
def test_auc_is_scikit_learns(decimals):
    similarities, same = scored(decimals=decimals)
    assert metrics.roc_auc(similarities, same) == pytest.approx(roc_auc_score(same, similarities), abs=1e-12)
    assert metrics.roc_auc(same * 1.0, same) == 1.0
    assert metrics.roc_auc(np.zeros(300), same) == 0.5
    assert metrics.roc_auc([0.0, 1.0, 2.0, np.inf], [False, False, True, True]) == 1.0


@pytest.mark.parametrize("decimals", [1, 15])
@pytest.mark.parametrize("far", [0.0, 1e-3, 0.05, 0.29, 0.9])
def test_tar_is_the_best_on_the_curve_that_far_allows(far, decimals):
    similarities, same = scored(decimals=decimals)
    false_accepts, true_accepts, _ = roc_curve(same, similarities, drop_intermediate=False)
    tar, threshold = metrics.tar_at_far(similarities, same, far)
    assert tar == pytest.approx(true_accepts[false_accepts <= far].max(), abs=1e-12)
    assert (similarities[same] > threshold).mean() == tar
    assert (similarities[~same] > threshold).mean() <= far


def test_far_in_hundredths_is_not_rounded_down():
    """0.29 of 100 pairs are 29, though 0.29 * 100 is below 29 in floating point."""
    similarities, same = np.append(np.arange(100.0), 70.5), np.arange(101) == 100
    assert metrics.tar_at_far(similarities, same, 0.29) == (1.0, 70.0)
    assert metrics.tar_at_far(similarities, same, 0.28) == (0.0, 71.0)


def test_accuracy_of_each_fold_is_by_the_threshold_of_the_others():
    similarities, same = scored(60)
    folds = np.arange(60) % 4
    result = metrics.kfold_verification_accuracy(similarities, same, folds)
    values = np.unique(similarities)
    expected = []
    for fold in range(4):
        others = folds != fold
        known = np.unique(similarities[others])
        candidates = [np.inf, *((known[1:] + known[:-1]) / 2)[::-1], -np.inf]
        right = [((similarities[others] > t) == same[others]).sum() for t in candidates]
        threshold = candidates[int(np.argmax(right))]
        assert result["thresholds"][fold] == pytest.approx(threshold)
        expected.append(((similarities[~others] > threshold) == same[~others]).mean())
    assert len(values) < 60
    np.testing.assert_allclose(result["accuracies"], expected)
    assert result["mean"] == pytest.approx(np.mean(expected))
    assert result["deviation"] == pytest.approx(np.std(expected, ddof=1))


def test_pairs_are_dealt_evenly_and_by_the_seed():
    similarities, same = scored(103)
    folds = np.stack([metrics.verification._dealt(same, 10, seed) for seed in (0, 0, 1)])
    assert (folds[0] == folds[1]).all()
    assert (folds[0] != folds[2]).any()
    for members in (same, ~same, np.ones(103, bool)):
        counts = np.bincount(folds[0][members], minlength=10)
        assert counts.max() - counts.min() <= 1
    results = [metrics.kfold_verification_accuracy(similarities, same, seed=4) for _ in range(2)]
    assert results[0] == results[1]
    assert len(results[0]["accuracies"]) == 10


def test_equal_similarities_give_the_larger_kind():
    same = np.arange(40) < 10
    result = metrics.kfold_verification_accuracy(np.zeros(40), same, 5)
    assert (result["mean"], result["thresholds"]) == (0.75, [np.inf] * 5)
    assert metrics.tar_at_far(np.zeros(40), same)[0] == 0.0


def test_all_pairs():
    labels = np.random.default_rng(0).integers(0, 4, 30)
    first, second, same = metrics.verification_pairs(labels)
    assert list(zip(first, second, strict=True)) == list(itertools.combinations(range(30), 2))
    np.testing.assert_array_equal(same, labels[first] == labels[second])


def test_drawn_pairs_are_right_distinct_and_uniform():
    """All there are of the rarer kind are drawn once; and over many seeds each pair is drawn equally often."""
    labels = np.array([2, 0, 1, 0, 2, 2])  # pairs of one label: 1 + 3 = 4; of two: 11
    everything = {frozenset(pair) for pair in itertools.combinations(range(6), 2)}
    alike = {pair for pair in everything if len({labels[i] for i in pair}) == 1}
    counts = dict.fromkeys(everything, 0)
    for seed in range(2000):
        first, second, same = metrics.verification_pairs(labels, 8, seed)
        np.testing.assert_array_equal(same, [True] * 4 + [False] * 4)
        drawn = [frozenset(pair) for pair in zip(first.tolist(), second.tolist(), strict=True)]
        assert set(drawn[:4]) == alike
        assert len(set(drawn[4:])) == 4
        assert not alike & set(drawn[4:])
        for pair in drawn:
            counts[pair] += 1
    others = np.array([counts[pair] for pair in everything - alike])
    assert np.abs(others - 2000 * 4 / 11).max() < 5 * np.sqrt(2000 * 4 / 11 * 7 / 11)
    again = [metrics.verification_pairs(labels, 4, 3) for _ in range(2)]
    np.testing.assert_array_equal(again[0], again[1])


@pytest.mark.parametrize("chunk", [65_536, 7])
def test_similarities_of_pairs(chunk, monkeypatch):
    monkeypatch.setattr(verification, "_CHUNK", chunk)
    features = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    first, second, _ = metrics.verification_pairs(np.arange(9))
    cosines = metrics.pair_similarities(features, first, second)
    distances = -metrics.pair_similarities(features, first, second, normalize=False)
    for i, j, cosine, distance in zip(first, second, cosines, distances, strict=True):
        a, b = features[i].astype(float), features[j].astype(float)
        assert cosine == pytest.approx(a @ b / np.sqrt((a @ a) * (b @ b)), abs=1e-12)
        assert distance == pytest.approx(np.sqrt(((a - b) ** 2).sum()), abs=1e-12)


S, B = [0.1, 0.2, 0.3], [True, False, True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.roc_auc([0.1, np.nan, 0.3], B), "must not be NaN"),
        (lambda: metrics.roc_auc(S, [True] * 3), "one of them alone"),
        (lambda: metrics.roc_auc(S, [1, 0, 1]), "`positive` bool"),
        (lambda: metrics.roc_auc(S, B[:2]), "`positive` bool"),
        (lambda: metrics.tar_at_far(S, B, 1.0), "`far` must lie in"),
        (lambda: metrics.kfold_verification_accuracy([0.1, np.inf, 0.3], B, 2), "must be finite"),
        (lambda: metrics.kfold_verification_accuracy(S, B), "`folds` must be 2 at least, and at most"),
        (lambda: metrics.kfold_verification_accuracy(S, B, [0, 0, 0]), "two folds at least"),
        (lambda: metrics.verification_pairs([0, 0, 1], 3), "positive and even"),
        (lambda: metrics.verification_pairs([0, 0, 1], 4), "pairs of one label, 1"),
        (lambda: metrics.verification_pairs([0, 0, 0], 2), "pairs of two labels, 0"),
        (lambda: metrics.verification_pairs([0]), "two at least"),
        (lambda: metrics.pair_similarities(np.eye(2), [0], [2]), "must lie in 0 ... 1"),
        (lambda: metrics.pair_similarities(np.eye(2), [0.0], [1.0]), "must be integers"),
        (lambda: metrics.pair_similarities([[np.nan, 1.0]], [0], [0]), "must be finite"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
