import numpy as np
import pytest

from keras_genssl.data import gaussian_grid, gaussian_ring
from keras_genssl.data.gaussians import GaussianModes


def test_centres_are_those_of_the_papers():
    expected = [[-4 + 2 * i, -4 + 2 * j] for i in range(5) for j in range(5)]
    np.testing.assert_allclose(gaussian_grid().centres, expected)
    ring = gaussian_ring(8, radius=2.0).centres
    np.testing.assert_allclose(np.hypot(*ring.T), 2.0)
    # neighbours on a circle: 2 r sin(pi / n)
    np.testing.assert_allclose(np.linalg.norm(ring - np.roll(ring, 1, 0), axis=1), 4 * np.sin(np.pi / 8))


def test_samples_have_the_moments_of_their_modes():
    grid, num = gaussian_grid(3, spacing=10.0, sigma=0.5), 90_000
    points = grid.sample(num, seed=1)
    assert points.dtype == np.float32
    nearest = np.square(points[:, None] - grid.centres).sum(-1).argmin(1)
    counts = np.bincount(nearest)
    assert np.abs(counts - num / 9).max() < 5 * np.sqrt(num / 9)
    for mode, centre in enumerate(grid.centres):
        own = points[nearest == mode]
        np.testing.assert_allclose(own.mean(0), centre, atol=5 * 0.5 / 100)
        np.testing.assert_allclose(np.cov(own.T), 0.25 * np.eye(2), atol=5 * 0.25 * np.sqrt(2 / 10_000))


def test_the_seed_alone_decides():
    ring = gaussian_ring()
    np.testing.assert_array_equal(ring.sample(10, seed=3), gaussian_ring().sample(10, seed=3))
    assert not np.array_equal(ring.sample(10, seed=3), ring.sample(10, seed=4))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gaussian_ring(0), r"`num_modes` must be positive. Received: num_modes=0"),
        (lambda: gaussian_ring(radius=0), "`radius` must be positive"),
        (lambda: gaussian_grid(0), "`side` must be positive"),
        (lambda: gaussian_grid(spacing=-1), "`spacing` must be positive"),
        (lambda: gaussian_grid(sigma=0), "`sigma` must be positive"),
        (lambda: GaussianModes(np.zeros(3), 1.0), "`centres` must be"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
