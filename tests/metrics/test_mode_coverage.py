import numpy as np
import pytest

from keras_genssl.data import gaussian_grid, gaussian_ring
from keras_genssl.metrics import mode_coverage


@pytest.mark.parametrize("modes", [gaussian_grid(), gaussian_ring()], ids=["grid", "ring"])
def test_of_the_mixture_itself(modes):
    """In the plane P(|x| <= 3 sigma) = 1 - exp(-9/2)."""
    coverage = mode_coverage(modes.sample(20_000, seed=0), modes.centres, modes.sigma)
    share = 1 - np.exp(-4.5)
    assert coverage.num_modes == len(modes.centres)
    assert coverage.high_quality == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 20_000))
    assert coverage.counts.sum() == round(coverage.high_quality * 20_000)


def test_equals_naive_loop():
    grid = gaussian_grid(3, sigma=0.4)
    samples = np.random.default_rng(0).uniform(-3, 3, (200, 2))
    counts = [0] * 9
    for sample in samples:
        distances = [np.hypot(*(sample - centre)) for centre in grid.centres]
        if min(distances) <= 2.0 * 0.4:
            counts[int(np.argmin(distances))] += 1
    for least in (1, 10, 1000):
        coverage = mode_coverage(samples, grid.centres, 0.4, within=2.0, min_samples=least)
        assert coverage.counts.tolist() == counts
        assert coverage.num_modes == sum(count >= least for count in counts)
        assert coverage.high_quality == pytest.approx(sum(counts) / 200)


def test_collapsed_samples():
    grid = gaussian_grid()
    coverage = mode_coverage(np.repeat(grid.centres[:1], 50, 0), grid.centres, grid.sigma)
    assert (coverage.num_modes, coverage.high_quality) == (1, 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 2)), np.zeros((4, 3)), 1.0), "`samples` and `centres` must be"),
        ((np.zeros((0, 2)), np.zeros((4, 2)), 1.0), "not empty"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), 0.0), "`sigma` must be positive"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), 1.0, 0.0), "`within` must be positive"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), 1.0, 3.0, 0), "`min_samples` must be positive"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        mode_coverage(*arguments)
