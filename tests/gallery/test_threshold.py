"""What a calibrated threshold promises holds for `identify` and `verify` themselves."""

import itertools

import numpy as np
import pytest

from keras_genssl.gallery import Gallery, calibrate_threshold

PAIRS_AT_ZERO = "`false_accept_rate` cannot be kept: any threshold accepts pairs at distance 0"


def false_accepts(gallery, embeddings, names):
    """The share of pairs of different people that `verify` takes for one person."""
    pairs = [(i, j) for i, j in itertools.combinations(range(len(names)), 2) if names[i] != names[j]]
    first, second = np.transpose(pairs)
    return gallery.verify(embeddings[first], embeddings[second])[0].mean()


def test_a_rate_that_no_threshold_keeps_is_refused():
    """Of thirty people with one embedding all 435 pairs lie at 0, and 4 may be accepted."""
    gallery = Gallery()
    gallery.threshold = 0.5
    gallery.enrol(np.tile([0.3, 0.7, 0.1], (30, 1)), [f"p{i}" for i in range(30)])
    with pytest.raises(
        ValueError, match=PAIRS_AT_ZERO + r"\. Received: 5 such .* or more, of 435, with a rate of 0.01"
    ):
        gallery.calibrate(false_accept_rate=0.01)
    assert gallery.threshold == 0.5


@pytest.mark.parametrize("normalize", [True, False])
def test_photographs_under_two_names_count_as_accepted(normalize):
    """Twenty under a second name each: 20 of 780 pairs lie at 0, 2.56%, which products would put beside it."""
    photographs = np.random.default_rng(0).normal(size=(20, 3)) + (0 if normalize else 100)
    embeddings, names = np.concatenate([photographs] * 2), [f"p{i}" for i in range(40)]
    gallery = Gallery(normalize)
    gallery.enrol(embeddings, names)
    with pytest.raises(ValueError, match=PAIRS_AT_ZERO + ".* Received: 8 such"):
        gallery.calibrate(false_accept_rate=0.01)
    with pytest.raises(ValueError, match=PAIRS_AT_ZERO + ".* Received: 20 such"):
        gallery.calibrate(false_accept_rate=19.5 / 780)
    found = gallery.calibrate(false_accept_rate=20.5 / 780)  # the twenty, and not the next
    assert found.threshold > 0
    assert found.false_accept_rate == false_accepts(gallery, embeddings, names) == 20 / 780


@pytest.mark.parametrize("cells", [2**22, 200])
def test_the_rate_is_kept_by_verify(monkeypatch, cells):
    """Among equal vectors, ones that a last digit tells apart, and others, far from zero and near it."""
    monkeypatch.setattr("keras_genssl.gallery.matches._CELLS", cells)
    rng = np.random.default_rng(1)
    refused = 0
    for trial in range(40):
        offset, dim = 10.0 ** rng.integers(-2, 4), int(rng.integers(1, 6))
        vectors = (rng.normal(size=(30, dim)) + offset).astype(np.float32)
        vectors[:6] = vectors[6]
        for row in range(7, 12):
            vectors[row] = np.nextafter(vectors[row - 1], np.float32(np.inf))
        names, rate = rng.integers(0, 12, 30).astype(str), rng.uniform(0.005, 0.3)
        gallery = Gallery(normalize=bool(trial % 2) and dim > 1)
        gallery.enrol(vectors, names.tolist())
        gallery.threshold = 0.0
        at_zero = false_accepts(gallery, vectors, names)
        if at_zero > rate:
            refused += 1
            with pytest.raises(ValueError, match=PAIRS_AT_ZERO):
                gallery.calibrate(false_accept_rate=rate)
        else:
            found = gallery.calibrate(false_accept_rate=rate)
            assert at_zero <= found.false_accept_rate == false_accepts(gallery, vectors, names) <= rate
    assert 0 < refused < 20


def test_neighbouring_distances_are_told_apart():
    """Halfway between two neighbouring numbers is one of them: here the one that must not be accepted."""
    odd = np.nextafter(1.0, 2.0)  # its last digit is 1: halfway to the next is rounded up
    distances = [odd, np.nextafter(odd, 2.0)]
    found = calibrate_threshold([[0.0], [distances[0]], [-distances[1]]], ["a", "b", "c"], 0.4)
    assert (found.threshold, found.false_accept_rate) == (odd, 1 / 3)


def test_genuine_pairs_are_counted_as_verify_counts_them():
    """Copies lie at 0 and within any threshold, however products round."""
    rng = np.random.default_rng(2)
    people = (rng.normal(size=(12, 7)) + 1000).astype(np.float32)
    embeddings, names = np.repeat(people, 2, axis=0), np.repeat(np.arange(12), 2).astype(str)
    found = calibrate_threshold(embeddings, names, 0.01)
    assert (found.true_accept_rate, found.num_genuine) == (1.0, 12)
