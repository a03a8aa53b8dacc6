import itertools
import math

import numpy as np
import pytest

from keras_genssl import analysis


def test_the_closest_pairs_are_those_of_all_pairs_of_nearest():
    samples = np.random.default_rng(0).normal(size=(12, 3, 3, 1))
    pairs, distances = analysis.closest_pairs(samples, num_pairs=2)
    every = {
        pair: math.sqrt(((samples[pair[0]] - samples[pair[1]]) ** 2).mean())
        for pair in itertools.combinations(range(12), 2)
    }
    nearest = [min((p for p in every if i in p), key=every.get) for i in range(12)]
    expected = sorted(set(nearest), key=every.get)[:2]
    assert [tuple(pair) for pair in pairs] == expected
    np.testing.assert_allclose(distances, [every[pair] for pair in expected])


def test_each_pair_stands_once():
    pairs, distances = analysis.closest_pairs([[0.0], [1.0], [10.0], [10.5]])
    assert pairs.tolist() == [[2, 3], [0, 1]]
    assert distances.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("size", [10, 40])
def test_a_uniform_choice_among_300_shows_duplicates_as_often_as_birthdays_do(size):
    """Batches of `size` from 300 equally probable images; the rate's deviation is that of a binomial."""
    batches = 400
    drawn = np.random.default_rng(size).integers(0, 300, batches * size)
    images = np.random.default_rng(0).normal(size=(300, 4))
    rate = analysis.duplicate_rate(images[drawn], size, threshold=1e-9)
    naive = np.mean([len(set(batch)) < size for batch in drawn.reshape(batches, size).tolist()])
    assert rate == naive
    expected = 1.0 - math.prod(1 - i / 300 for i in range(size))
    assert abs(rate - expected) < 4 * math.sqrt(expected * (1 - expected) / batches)
    assert analysis.support_size(expected, size) == pytest.approx(300, rel=1e-6)


@pytest.mark.parametrize("support", [30, 1000, 10**8])
def test_support_size_inverts_the_birthday_formula(support):
    rate = -math.expm1(sum(math.log1p(-i / support) for i in range(25)))
    assert analysis.support_size(rate, 25) == pytest.approx(support, rel=1e-5)


def test_an_even_chance_is_what_arora_and_zhang_say():
    """s samples with a duplicate half the time: a support of about s squared (over 2 log 2)."""
    assert analysis.support_size(0.5, 400) == pytest.approx(400**2 / (2 * math.log(2)), rel=0.01)


def test_a_skewed_distribution_seems_smaller_than_it_is():
    """Its collisions are those of 1 / sum(p^2) images, for small batches."""
    p = np.r_[np.full(10, 0.05), np.full(490, 0.5 / 490)]
    drawn = np.random.default_rng(0).choice(500, size=20000, p=p)
    rate = analysis.duplicate_rate(drawn[:, None], 4, threshold=0)
    assert analysis.support_size(rate, 4) == pytest.approx(1 / (p**2).sum(), rel=0.15)
    assert 1 / (p**2).sum() < 50


def test_the_rates_ends():
    assert analysis.support_size(0.0, 10) == math.inf
    assert analysis.support_size(1.0, 10) == 9.0


def test_copies_are_told_from_new_draws():
    rng = np.random.default_rng(0)
    training, held_out, fresh = rng.normal(size=(3, 500, 2))
    copies = training[rng.integers(0, 500, 300)] + rng.normal(size=(300, 2)) * 1e-6
    assert analysis.memorisation_rate(copies, training, held_out) == 1.0
    assert analysis.memorisation_rate(copies, held_out, training) == 0.0
    assert abs(analysis.memorisation_rate(fresh, training, held_out) - 0.5) < 4 * 0.5 / math.sqrt(500)
    assert analysis.memorisation_rate(fresh, training, training) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.closest_pairs(np.zeros((3, 1)), 0), "`num_pairs` must be at least 1"),
        (lambda: analysis.duplicate_rate(np.zeros((3, 1)), 4, 0.1), "`sample_size` must lie in 2 ... 3"),
        (lambda: analysis.duplicate_rate(np.zeros((3, 1)), 2, -0.1), "must not be negative"),
        (lambda: analysis.support_size(1.5, 2), "`rate` must lie in"),
        (lambda: analysis.support_size(0.5, 1), "`sample_size` must be at least 2"),
        (lambda: analysis.memorisation_rate(np.zeros((3, 1)), np.zeros((3, 1)), np.zeros((2, 1))), "equally many"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
