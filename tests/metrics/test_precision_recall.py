"""By hand on a line, and against loops; the distance matrices are cut into chunks."""

import numpy as np
import pytest

from keras_genssl import metrics
from keras_genssl.metrics import balls


def naive(real, fake, k):
    def radius(point, points):
        return sorted(np.linalg.norm(point - other) for other in points)[k]  # the first is the point itself

    def share(points, centres):
        radii = [radius(centre, centres) for centre in centres]
        inside = [any(np.linalg.norm(p - c) <= r for c, r in zip(centres, radii, strict=True)) for p in points]
        return sum(inside) / len(inside)

    return share(fake, real), share(real, fake)


def column(*values):
    return np.array(values, float)[:, None]


def test_by_hand():
    """k = 2. Real balls: 0 and 2 reach 2, 1 reaches 1, 10 reaches 9, to 1; generated: 3 -> 5, 4 -> 4, 8 -> 5, 30 -> 26.

    Of the generated, 30 alone lies in no real ball. Of the real, 0 lies in that of 4, all others in that of 3 or 8.
    """
    real, fake = column(0, 1, 2, 10), column(3, 4, 8, 30)
    assert metrics.precision_recall(real, fake, 2) == (0.75, 1.0)
    assert metrics.precision_recall(fake, real, 2) == (1.0, 0.75)


def test_a_collapsed_generator_is_precise_and_recalls_nothing():
    real = column(0, 1, 2, 3, 4, 5)
    fake = column(2.5, 2.5, 2.5, 2.5)
    assert metrics.precision_recall(real, fake) == (1.0, 0.0)
    assert metrics.precision_recall(real, real) == (1.0, 1.0)
    assert metrics.precision_recall(real, fake + 100) == (0.0, 0.0)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_it_equals_loops_whatever_the_chunk(monkeypatch, k, chunk):
    monkeypatch.setattr(balls, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(40, 3)), rng.normal(size=(25, 3)) * 1.3 + 0.7
    expected = naive(real, fake, k)
    assert all(0 < share < 1 for share in expected)
    assert metrics.precision_recall(real + 1e4, fake + 1e4, k) == expected


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"`num_neighbours` must be positive. Received: num_neighbours=0"):
        metrics.precision_recall(column(0, 1), column(0, 1), 0)
    with pytest.raises(ValueError, match="with 4 vectors or more each"):
        metrics.precision_recall(column(0, 1, 2), column(0, 1, 2, 3))
