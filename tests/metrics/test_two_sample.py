"""MMD against a double loop, against its closed form for Gaussians, and how often its interval holds."""

import math

import numpy as np
import pytest

from keras_genssl.metrics import gaussian_mmd


def by_loops(real: np.ndarray, fake: np.ndarray, bandwidth: float) -> float:
    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return math.exp(-sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / (2 * bandwidth**2))

    def within(values: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(values)) for j in range(len(values)) if i != j]
        return sum(kernel(values[i], values[j]) for i, j in pairs) / len(pairs)

    across = sum(kernel(x, y) for x in real for y in fake) / (len(real) * len(fake))
    return within(real) + within(fake) - 2 * across


def between_gaussians(shift: float, dim: int, bandwidth: float) -> float:
    """MMD² of N(0, I) and N(m, I) with |m| = shift.

    x - x' is N(0, 2 I), whose mean kernel is (s² / (s² + 2))^(dim / 2); that of x - y has exp(-|m|² / (2 s² + 4)) too.
    """
    square = bandwidth**2
    return 2 * (square / (square + 2)) ** (dim / 2) * (1 - math.exp(-(shift**2) / (2 * square + 4)))


def test_the_estimate_equals_a_double_loop() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(12, 3)), rng.normal(0.5, 2.0, size=(10, 3))
    assert gaussian_mmd(real, fake, 1.3).estimate == pytest.approx(by_loops(real, fake, 1.3), abs=1e-12)
    median = np.median([np.linalg.norm(real[i] - real[j]) for i in range(12) for j in range(i)])
    assert gaussian_mmd(real, fake).estimate == pytest.approx(by_loops(real, fake, median), abs=1e-12)


def test_the_estimate_has_no_bias_and_the_interval_holds() -> None:
    """In 200 repetitions, shares are within four standard errors."""
    rng, truth, shift = np.random.default_rng(1), between_gaussians(0.6, 2, 1.5), np.array([0.6, 0.0])
    found = [
        gaussian_mmd(rng.normal(size=(60, 2)), rng.normal(size=(50, 2)) + shift, 1.5, num_resamples=200, seed=seed)
        for seed in range(200)
    ]
    estimates = np.array([each.estimate for each in found])
    assert abs(estimates.mean() - truth) < 4 * estimates.std() / math.sqrt(200)
    held = np.mean([each.low <= truth <= each.high for each in found])
    assert held >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 200)


def test_the_interval_of_equal_distributions_holds_zero_at_least_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    found = [
        gaussian_mmd(*rng.normal(size=(2, 50, 2)), 1.5, num_resamples=200, level=0.9, seed=seed) for seed in range(200)
    ]
    held = np.mean([each.low <= 0.0 <= each.high for each in found])
    assert held >= 0.9 - 4 * math.sqrt(0.9 * 0.1 / 200)


def test_a_resample_pairs_no_vector_with_itself() -> None:
    """Pairs of a vector with itself, of kernel 1, would lift the means of resamples above that of the set."""
    points = np.random.default_rng(3).normal(size=(40, 2))
    whole = gaussian_mmd(points, points + 100.0, 1.0, num_resamples=300)
    within = by_loops(points, points + 1000.0, 1.0)  # twice the mean kernel, as there is none across
    assert whole.estimate == pytest.approx(within)
    assert whole.low < within < whole.high
    assert abs((whole.low + whole.high) / 2 - within) < whole.deviation


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"real": np.zeros((9, 2))}, r"must be \(count, dim\) of one dim, with 10 vectors or more each"),
        ({"fake": np.zeros((10, 3))}, r"must be \(count, dim\) of one dim.* Received: shapes \(10, 2\) and \(10, 3\)"),
        ({"fake": np.full((10, 2), np.nan)}, "must be finite"),
        ({"bandwidth": 0.0}, "`bandwidth` must be positive and finite. Received: bandwidth=0.0"),
        (
            {"real": np.ones((10, 2)), "bandwidth": None},
            "the default, the median distance within `real`, is not positive",
        ),
        ({"num_resamples": 0}, "`num_resamples` must be an integer of at least 1. Received: num_resamples=0"),
        ({"num_resamples": 2.5}, "`num_resamples` must be an integer of at least 1. Received: num_resamples=2.5"),
        ({"num_resamples": True}, "`num_resamples` must be an integer of at least 1. Received: num_resamples=True"),
        ({"bandwidth": np.nan}, "`bandwidth` must be positive and finite. Received: bandwidth=nan"),
        ({"seed": True}, "`seed` must be an integer of at least 0. Received: seed=True"),
        ({"level": 1.0}, r"`level` must lie in \(0, 1\). Received: level=1.0"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, message: str) -> None:
    points = np.random.default_rng(0).normal(size=(2, 10, 2))
    with pytest.raises(ValueError, match=message):
        gaussian_mmd(**{"real": points[0], "fake": points[1], "bandwidth": 1.0, **arguments})
