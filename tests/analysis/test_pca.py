import numpy as np
import pytest
import scipy.stats

from keras_genssl.analysis import PCA, dequantize, gaussian_codes

SHAPE = (3, 4, 1)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(300, 3)) @ rng.normal(scale=0.1, size=(3, 12))
    return np.clip(latent + rng.normal(scale=0.05, size=(300, 12)) + 0.1, -1, 1).reshape(-1, *SHAPE)


def eigen(images):
    """Eigenvalues (with 1 / (n - 1)), falling, and eigenvectors as columns."""
    values, vectors = np.linalg.eigh(np.cov(images.reshape(len(images), -1).T))
    return values[::-1], vectors[:, ::-1]


def test_log_likelihood_is_tipping_and_bishops(images):
    """C = W W^T + s I with s the mean of the eigenvalues left out, W = U (L - s I)^1/2 (their equations 7 and 8)."""
    values, vectors = eigen(images)
    noise = values[3:].mean()
    weights = vectors[:, :3] * np.sqrt(values[:3] - noise)
    vectorised = images.reshape(len(images), -1)
    exact = scipy.stats.multivariate_normal(vectorised.mean(axis=0), weights @ weights.T + noise * np.eye(12))
    np.testing.assert_allclose(PCA(3).fit(images).log_likelihood(images), exact.logpdf(vectorised), rtol=1e-8)


def test_the_error_is_the_eigenvalues_left_out(images):
    values, _ = eigen(images)
    error = ((PCA(2).fit(images).reconstruct(images) - images) ** 2).sum(axis=(1, 2, 3)).mean()
    assert error == pytest.approx(values[2:].sum() * 299 / 300, rel=1e-4)


def test_samples_have_the_leading_covariance():
    rng = np.random.default_rng(1)
    images = rng.normal(scale=0.1, size=(500, 12)) * np.linspace(0.2, 2, 12)
    images = images.reshape(-1, *SHAPE)
    values, vectors = eigen(images)
    samples = PCA(4).fit(images).sample(40000, seed=0).reshape(-1, 12)
    np.testing.assert_allclose(np.cov(samples.T), (vectors[:, :4] * values[:4]) @ vectors[:, :4].T, atol=2e-3)
    np.testing.assert_allclose(samples.mean(axis=0), images.reshape(-1, 12).mean(axis=0), atol=5e-3)


def test_bytes_are_floats():
    stored = np.random.default_rng(2).integers(256, size=(50, *SHAPE), dtype=np.uint8)
    floats = stored / 127.5 - 1.0
    np.testing.assert_allclose(
        PCA(2).fit(stored).reconstruct(stored), PCA(2).fit(floats).reconstruct(floats), rtol=1e-5
    )


def test_dequantised_pixels_keep_their_level_and_spread_over_it():
    stored = np.repeat(np.arange(256, dtype=np.uint8), 2000)
    noisy = dequantize(stored, seed=0)
    assert (noisy.dtype, noisy.min() >= -1, noisy.max() < 1) == (np.float32, True, True)
    place = (noisy.astype("float64") + 1) * 128
    # float32 rounds to 2^-17 of a level near 256, up to the next level once in a while
    assert (np.floor(place) == stored).mean() > 0.9999
    within = place - stored
    assert abs(within.mean() - 0.5) < 4 * np.sqrt(1 / 12 / within.size)
    assert scipy.stats.kstest(within, "uniform").pvalue > 1e-3
    np.testing.assert_array_equal(noisy, dequantize(stored, seed=0))


def test_gaussian_codes_have_the_moments_of_the_codes():
    rng = np.random.default_rng(3)
    codes = rng.exponential(size=(5000, 3)) @ rng.normal(size=(3, 3))
    drawn = gaussian_codes(codes, 100000, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), rtol=0.05, atol=0.05)
    assert scipy.stats.kurtosis(drawn[:, 0]) == pytest.approx(0.0, abs=0.1)  # that of the codes is not


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PCA(0), "`code_dim` must be at least 1. Received: code_dim=0"),
        (lambda: PCA(12).fit(np.zeros((50, *SHAPE))), "`code_dim` must be smaller.* Received: code_dim=12, images of"),
        (lambda: PCA(2).sample(3), "PCA must be fitted first"),
        (lambda: PCA(2).encode(np.zeros((1, *SHAPE))), "PCA must be fitted first"),
        (lambda: dequantize(np.zeros(3), 0), "`images` must be uint8.* Received: dtype=float64"),
        (lambda: gaussian_codes(np.zeros((1, 2)), 3), r"`codes` must be .* Received: shape \(1, 2\)"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
