"""By hand on a line, against loops, and the expectations of the paper; the distance matrices are cut into chunks."""

import numpy as np
import pytest

from keras_genssl import metrics
from keras_genssl.metrics import balls


def naive(real, fake, k):
    radii = [sorted(np.linalg.norm(point - other) for other in real)[k] for point in real]  # the first is itself
    held = [[np.linalg.norm(f - r) <= radius for f in fake] for r, radius in zip(real, radii, strict=True)]
    return np.sum(held) / (k * len(fake)), np.mean([any(row) for row in held])


def column(*values):
    return np.array(values, float)[:, None]


def test_by_hand():
    """k = 2. The balls of 0, 1, 2, 10 reach 2, 1, 2, 9, so they are [-2, 2], [0, 2], [0, 4], [1, 19].

    3 lies in two, 4 in two, 8 in one, 30 in none: 5 / (2 x 4). The first two balls are empty.
    """
    real, fake = column(0, 1, 2, 10), column(3, 4, 8, 30)
    assert metrics.density_coverage(real, fake, 2) == (0.625, 0.5)


def test_a_set_covers_itself_and_far_samples_cover_nothing():
    """Each ball holds its centre and k neighbours: (k + 1) / k. The mean, 5, keeps the numbers whole."""
    real = column(0, 1, 3, 16)
    assert metrics.density_coverage(real, real, 1) == (2.0, 1.0)
    assert metrics.density_coverage(real, real, 3) == (4 / 3, 1.0)
    assert metrics.density_coverage(real, real + 1000, 3) == (0.0, 0.0)


def test_a_collapsed_generator_is_dense_and_covers_little():
    """All samples at 2.5, in the balls of 1 to 4 (k = 2 on a line of steps of 1: 0 and 5 reach 2, the others 1)."""
    real, fake = column(0, 1, 2, 3, 4, 5), column(*[2.5] * 10)
    assert metrics.density_coverage(real, fake, 2) == (2 / 2, 2 / 6)


def test_one_outlier_among_the_samples_changes_nothing():
    """Unlike recall, which the large ball around a generated outlier makes perfect."""
    real, fake = column(0, 1, 2, 3, 4, 5), column(5, 5, 5, 5, -500)
    assert metrics.precision_recall(real, fake, 1)[1] == 1.0
    assert metrics.density_coverage(real, fake, 1) == (2 * 4 / 5, 2 / 6)  # in the balls of 4 and 5


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_it_equals_loops_whatever_the_chunk(monkeypatch, k, chunk):
    monkeypatch.setattr(balls, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(40, 3)), rng.normal(size=(25, 3)) * 1.3 + 0.7
    expected = naive(real, fake, k)
    assert 0 < expected[1] < 1
    assert metrics.density_coverage(real + 1e4, fake + 1e4, k) == expected


def test_two_samples_of_one_distribution_have_the_expectations_of_the_paper():
    """Density 1, coverage 1 - (N - 1) ... (N - k) / ((N + M - 1) ... (N + M - k)), whatever the distribution."""
    n, m, k = 60, 40, 3
    rng = np.random.default_rng(1)
    found = [metrics.density_coverage(rng.normal(size=(n, 2)), rng.normal(size=(m, 2)), k) for _ in range(300)]
    expected = 1 - np.prod([(n - i) / (n + m - i) for i in range(1, k + 1)])
    for mean, error, wanted in zip(np.mean(found, 0), np.std(found, 0) / 300**0.5, (1.0, expected), strict=True):
        assert abs(mean - wanted) < 4 * error < 0.03


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"`num_neighbours` must be positive. Received: num_neighbours=0"):
        metrics.density_coverage(column(0, 1), column(0, 1), 0)
    with pytest.raises(ValueError, match="num_neighbours=5, with 5 real images"):
        metrics.density_coverage(column(0, 1, 2, 3, 4), column(0))
    with pytest.raises(ValueError, match="with 1 vectors or more each"):
        metrics.density_coverage(column(0, 1, 2), np.zeros((0, 1)))
