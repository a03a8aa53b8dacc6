"""Against loops over all pairs, and what an unbiased estimate is on average."""

import itertools

import numpy as np
import pytest

from keras_genssl import metrics


def naive(real, fake, degree=3):
    def kernel(a, b):
        return (sum(x * y for x, y in zip(a, b, strict=True)) / len(a) + 1) ** degree

    def within(points):
        pairs = list(itertools.permutations(range(len(points)), 2))
        return sum(kernel(points[i], points[j]) for i, j in pairs) / len(pairs)

    between = [kernel(a, b) for a in real for b in fake]
    return within(real) + within(fake) - 2 * sum(between) / len(between)


@pytest.fixture
def sets():
    rng = np.random.default_rng(0)
    return rng.normal(size=(13, 4)), rng.normal(size=(9, 4)) * 1.5 + 0.5


@pytest.mark.parametrize("degree", [1, 3])
def test_it_equals_a_loop_over_pairs(sets, degree):
    assert metrics.polynomial_mmd(*sets, degree) == pytest.approx(naive(*sets, degree), rel=1e-12)


def test_subsets_are_drawn_without_replacement(sets):
    """With subsets as large as the sets, each gives the estimate of the whole."""
    real, fake = sets[0][:9], sets[1]
    mean, deviation = metrics.kernel_distance(real, fake, num_subsets=7, subset_size=9)
    assert mean == pytest.approx(naive(real, fake), rel=1e-12)
    assert deviation == pytest.approx(0, abs=1e-12)


def test_subsets_average_to_the_whole(sets):
    """The mean of all subsets of size 2 is the whole's estimate; 4,000 random ones come near."""
    mean, deviation = metrics.kernel_distance(*sets, num_subsets=4000, subset_size=2, seed=1)
    assert abs(mean - naive(*sets)) < 4 * deviation / np.sqrt(4000)
    assert metrics.kernel_distance(*sets, 5, 4, seed=3) == metrics.kernel_distance(*sets, 5, 4, seed=3)
    assert metrics.kernel_distance(*sets, 5, 4, seed=3) != metrics.kernel_distance(*sets, 5, 4, seed=4)


def test_it_has_no_bias():
    """Two samples of one distribution: 0 on average, within four standard errors; a biased estimate is 30 away."""
    rng = np.random.default_rng(1)
    values = [metrics.polynomial_mmd(*rng.normal(size=(2, 10, 3))) for _ in range(2000)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(2000)
    assert min(values) < 0 < max(values)


def test_the_expectation_for_shifted_normals():
    """In one dimension with k = xy + 1 it is (m1 - m2)²; with degree 3 it sums binomial moments."""
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 1)) + 1
    # E x^k: 0, 1, 0 and 1, 2, 4 for k = 1, 2, 3: 3 (1-0)² + 3 (2-1)² + (4-0)² = 22
    assert metrics.polynomial_mmd(real, fake) == pytest.approx(22, rel=0.15)
    assert metrics.polynomial_mmd(real, fake, degree=1) == pytest.approx(1, rel=0.15)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"subset_size": 10}, "smaller set. Received: subset_size=10, with sets of 13 and 9"),
        ({"subset_size": 1}, "between 2"),
        ({"num_subsets": 0, "subset_size": 4}, "`num_subsets` must be positive. Received: num_subsets=0"),
    ],
)
def test_bad_arguments_are_refused(sets, arguments, rule):
    with pytest.raises(ValueError, match=rule):
        metrics.kernel_distance(*sets, **arguments)


def test_bad_sets_are_refused(sets):
    with pytest.raises(ValueError, match="of one dim"):
        metrics.polynomial_mmd(sets[0], sets[1][:, :3])
    with pytest.raises(ValueError, match="finite"):
        metrics.polynomial_mmd(sets[0] * np.nan, sets[1])
    with pytest.raises(ValueError, match="`degree`"):
        metrics.polynomial_mmd(*sets, degree=0)
