"""Mixtures of codes, by codes whose distribution is known."""

import tracemalloc
import types

import numpy as np
import pytest
import scipy.stats

from keras_genssl import analysis

CENTRES = np.array([[-0.5, 0.0], [0.5, 0.25]])


def encode(images):
    return np.asarray(images)[:, 0, :, 0]


def decode(codes):
    return np.clip(codes, -1, 1)[:, None, :, None]


def two_blobs(count=2000):
    """Codes as images of two pixels: three quarters in the first blob."""
    rng = np.random.default_rng(0)
    which = (np.arange(count) % 4 == 3).astype(int)
    return decode(CENTRES[which] + 0.05 * rng.standard_normal((count, 2))).astype(np.float32)


def sampler(num_components, **arguments):
    return analysis.GaussianMixtureSampler(encode, decode, num_components, **arguments)


def test_one_component_is_the_gaussian_of_the_codes():
    images = two_blobs()
    fitted, codes = sampler(1).fit(images), encode(images).astype(np.float64)
    exact = scipy.stats.multivariate_normal(codes.mean(axis=0), np.cov(codes.T, ddof=0) + 1e-6 * np.eye(2))
    np.testing.assert_allclose(fitted.log_prob(images[:50]), exact.logpdf(codes[:50]), rtol=1e-6)
    drawn = fitted.sample_codes(20_000, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.015)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.006)


def test_two_components_find_two_blobs_and_draw_each_as_often():
    images = two_blobs()
    fitted = sampler(2).fit(images)
    drawn = fitted.sample_codes(20_000, seed=1)
    nearest = np.argmin(((drawn[:, None] - CENTRES) ** 2).sum(axis=-1), axis=1)
    assert abs(nearest.mean() - 0.25) < 4 * np.sqrt(0.1875 / 20_000)
    for number, centre in enumerate(CENTRES):
        np.testing.assert_allclose(drawn[nearest == number].mean(axis=0), centre, atol=0.01)
        np.testing.assert_allclose(drawn[nearest == number].std(axis=0), 0.05, atol=0.003)
    assert fitted.log_prob(images).mean() > sampler(1).fit(images).log_prob(images).mean() + 1


def test_codes_are_those_of_a_loop_over_codes():
    """Each is the mean of its component plus the root of its covariance times its own noise."""
    images = np.random.default_rng(4).uniform(-1, 1, (60, 1, 3, 1)).astype(np.float32)
    made = sampler(4).fit(images)
    rng = np.random.default_rng(11)
    components = rng.choice(4, 50, p=made.model.weights_ / made.model.weights_.sum())
    noise = rng.standard_normal((50, 3))
    expected = [
        made.model.means_[k] + np.linalg.cholesky(made.model.covariances_[k]) @ z
        for k, z in zip(components, noise, strict=True)
    ]
    np.testing.assert_allclose(made.sample_codes(50, seed=11), expected, rtol=1e-6, atol=1e-7)
    assert set(components) == set(range(4))


def test_memory_grows_with_codes_and_not_with_their_covariances():
    """20,000 codes of 64 are 10 MB in float64; a root for each would be 655 MB."""
    made = sampler(2)
    made.model = types.SimpleNamespace(
        weights_=np.array([0.5, 0.5]), means_=np.zeros((2, 64)), covariances_=np.stack([np.eye(64)] * 2)
    )
    tracemalloc.start()
    made.sample_codes(20_000, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * 20_000 * 64 * 8


def test_samples_are_decoded_codes_and_follow_the_seed():
    fitted = sampler(2, batch_size=7).fit(two_blobs())
    np.testing.assert_array_equal(fitted.sample(20, seed=3), decode(fitted.sample_codes(20, seed=3)))
    assert (fitted.sample(20, seed=3) != fitted.sample(20, seed=4)).any()
    assert (fitted.sample(20) != fitted.sample(20)).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sampler(0), "`num_components` must be an integer of at least 1. Received: num_components=0"),
        (lambda: sampler(2, seed=-1), "`seed` must be an integer of at least 0"),
        (lambda: sampler(2).sample(3), "must be fitted first"),
        (lambda: sampler(2).fit(two_blobs()[:2]), "`images` must be more than num_components=2. Received: 2 images"),
        (
            lambda: sampler(1).fit(two_blobs()).sample(0),
            "`num_images` must be an integer of at least 1. Received: num_images=0",
        ),
        (lambda: sampler(1).fit(two_blobs()).sample_codes(0), "`num_codes` must be an integer of at least 1"),
        (
            lambda: analysis.GaussianMixtureSampler(lambda images: images, decode).fit(two_blobs()),
            r"`encode` must give finite codes of shape \(batch, code_dim\). Received: shape \(2000, 1, 2, 1\)",
        ),
        (
            lambda: analysis.GaussianMixtureSampler(lambda images: encode(images) * np.nan, decode).fit(two_blobs()),
            "not all finite",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
