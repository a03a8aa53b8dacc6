"""Closed forms, and SciPy's matrix square root as the reference implementations take it."""

import numpy as np
import pytest
import scipy.linalg

from keras_genssl import metrics


def naive(mean1, covariance1, mean2, covariance2):
    """As written in Heusel et al.'s own code, without its offset for singular products."""
    root = scipy.linalg.sqrtm(covariance1 @ covariance2)
    difference = mean1 - mean2
    return difference @ difference + np.trace(covariance1) + np.trace(covariance2) - 2 * np.trace(root.real)


def correlated(rng, count, dim):
    return rng.normal(size=(count, dim)) @ rng.normal(size=(dim, dim)) + rng.normal(size=dim)


def test_commuting_covariances_have_a_closed_form():
    """With one set of axes it is |m1 - m2|² + sum (s1 - s2)²."""
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    first, second = (rotation @ np.diag(np.square(s)) @ rotation.T for s in ([1.0, 2.0, 0.0], [3.0, 2.5, 0.5]))
    distance = metrics.frechet_distance([1, 0, 0], first, [0, 2, 0], second)
    assert distance == pytest.approx(5 + 4 + 0.25 + 0.25, abs=1e-6)


@pytest.mark.parametrize("dim", [2, 30, 128])
def test_it_equals_scipy(dim):
    rng = np.random.default_rng(dim)
    sets = [correlated(rng, 3 * dim, dim) for _ in range(2)]
    moments = [moment for x in sets for moment in (x.mean(0), np.cov(x.T))]
    assert metrics.frechet_distance(*moments) == pytest.approx(naive(*moments), rel=1e-9)


def test_fewer_images_than_features_need_no_offset():
    """Rank 9 and 14 in 40 dimensions. The reference: singular values of the factors, without any matrix root."""
    rng = np.random.default_rng(1)
    first, second = correlated(rng, 10, 40), correlated(rng, 15, 40)
    factors = [(x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (first, second)]
    cross = np.linalg.svd(factors[0] @ factors[1].T, compute_uv=False).sum()
    expected = np.square(first.mean(0) - second.mean(0)).sum() + sum(np.square(f).sum() for f in factors) - 2 * cross
    moments = [moment for x in (first, second) for moment in (x.mean(0), np.cov(x.T))]
    assert metrics.frechet_distance(*moments) == pytest.approx(expected, rel=1e-7)
    assert metrics.frechet_distance(*moments[:2], *moments[:2]) == pytest.approx(0, abs=1e-4)


def test_it_is_symmetric_and_never_negative():
    rng = np.random.default_rng(2)
    moments = [moment for x in (correlated(rng, 9, 5), correlated(rng, 9, 5)) for moment in (x.mean(0), np.cov(x.T))]
    assert metrics.frechet_distance(*moments) == pytest.approx(metrics.frechet_distance(*moments[2:], *moments[:2]))
    assert 0 <= metrics.frechet_distance(*moments[:2], *moments[:2]) < 1e-10


def test_bad_moments_are_refused():
    with pytest.raises(ValueError, match=r"covariances \(dim, dim\)"):
        metrics.frechet_distance([0, 0], np.eye(2), [0, 0, 0], np.eye(3))
    with pytest.raises(ValueError, match="finite"):
        metrics.frechet_distance([np.nan], [[1]], [0], [[1]])


@pytest.mark.parametrize("count", [2, 4])
def test_fewer_images_than_features_are_refused_and_kid_is_named(count):
    """A covariance of 4 features has full rank from 5 vectors on."""
    rng = np.random.default_rng(0)
    enough, few = rng.normal(size=(5, 4)), rng.normal(size=(count, 4))
    fid = metrics.FID(lambda x: x, enough)
    assert (fid(enough), fid.min_samples) == (pytest.approx(0, abs=1e-6), 5)
    rule = r"needs more {} than features, .* use metrics.KID, which does not. Received: {} {} of 4 features"
    with pytest.raises(ValueError, match=rule.format("samples", count, "samples")):
        fid(few)
    with pytest.raises(ValueError, match=rule.format("real images", count, "real images")):
        metrics.FID(lambda x: x, few)
