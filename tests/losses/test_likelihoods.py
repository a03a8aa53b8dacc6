import math

import keras
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf

from keras_genssl.losses import BernoulliLikelihood, GaussianLikelihood, standard_normal_kl


@pytest.mark.parametrize(("mean", "log_variance"), [(0.0, 0.0), (1.5, -2.0), (-0.3, 1.0)])
def test_the_divergence_equals_its_integral(mean, log_variance):
    posterior = scipy.stats.norm(mean, math.exp(0.5 * log_variance))

    def integrand(z):
        return posterior.pdf(z) * (posterior.logpdf(z) - scipy.stats.norm.logpdf(z))

    expected, _ = scipy.integrate.quad(integrand, -25, 25, points=[mean], limit=200)
    computed = standard_normal_kl(np.array([[mean]], "float32"), np.array([[log_variance]], "float32"))
    np.testing.assert_allclose(computed, [expected], rtol=1e-5, atol=1e-6)


def test_the_divergence_adds_up_over_dimensions():
    generator = np.random.default_rng(0)
    mean, log_variance = generator.normal(size=(2, 3, 5)).astype("float32")
    each = [standard_normal_kl(mean[:, i : i + 1], log_variance[:, i : i + 1]) for i in range(5)]
    np.testing.assert_allclose(standard_normal_kl(mean, log_variance), np.sum(each, axis=0), rtol=1e-5)


def test_gaussian_equals_scipy_over_all_pixels():
    """With log 2 pi once a pixel: the lectures' code adds it once an image."""
    generator = np.random.default_rng(1)
    images, outputs = generator.uniform(-1, 1, (2, 3, 4, 5, 2)).astype("float32")
    expected = scipy.stats.norm.logpdf(images, outputs, math.sqrt(0.3)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(GaussianLikelihood(0.3).log_prob(images, outputs), expected, rtol=1e-5)


def test_the_best_variance_is_the_mean_squared_error():
    generator = np.random.default_rng(2)
    images, outputs = generator.uniform(-1, 1, (2, 6, 4, 4, 1)).astype("float32")
    error = float(np.mean((images - outputs) ** 2))

    def slope(variance):
        likelihood = GaussianLikelihood(variance)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.log_prob(images, outputs))
        return float(tape.gradient(loss, likelihood.log_variance.value))

    # d/dlv = D/2 (1 - error / variance), with D = 16
    assert slope(error) == pytest.approx(0.0, abs=1e-4)
    assert slope(2 * error) == pytest.approx(4.0, rel=1e-4)
    assert slope(error / 2) == pytest.approx(-8.0, rel=1e-4)


def test_the_variance_stays_in_its_range():
    likelihood = GaussianLikelihood(0.1)
    optimizer = keras.optimizers.SGD(1.0)
    for gradient, expected in ((1e6, -12.0), (-1e6, 4.0)):
        optimizer.apply([tf.constant(gradient)], [likelihood.log_variance])
        assert float(likelihood.log_variance) == expected
    assert not GaussianLikelihood(1.0, learn_variance=False).trainable_variables


def test_bernoulli_equals_scipy_on_bits():
    generator = np.random.default_rng(3)
    bits = generator.integers(0, 2, (3, 4, 5, 1))
    logits = generator.normal(scale=3, size=bits.shape).astype("float32")
    expected = scipy.stats.bernoulli.logpmf(bits, 1 / (1 + np.exp(-logits.astype("float64")))).sum(axis=(1, 2, 3))
    images = (2 * bits - 1).astype("float32")
    np.testing.assert_allclose(BernoulliLikelihood().log_prob(images, logits), expected, rtol=1e-5)


def test_bernoulli_binarises_at_half_of_the_scale():
    greys = np.array([127, 128], np.uint8).astype("float32") / 127.5 - 1
    logits = np.full((2, 1, 1, 1), 2.0, "float32")
    computed = BernoulliLikelihood().log_prob(greys.reshape(2, 1, 1, 1), logits)
    np.testing.assert_allclose(computed, [math.log(1 - 1 / (1 + math.exp(-2))), -math.log(1 + math.exp(-2))], rtol=1e-5)


def test_all_probabilities_of_small_images_add_up_to_one():
    logits = np.random.default_rng(4).normal(size=(1, 2, 2, 1)).astype("float32")
    images = [(2.0 * np.array(np.unravel_index(i, (2,) * 4)) - 1).reshape(1, 2, 2, 1) for i in range(16)]
    total = sum(math.exp(float(BernoulliLikelihood().log_prob(image, logits)[0])) for image in images)
    assert total == pytest.approx(1.0, rel=1e-5)


def test_expected_images():
    outputs = np.array([-3.0, 0.5, 2.0], "float32").reshape(3, 1, 1, 1)
    np.testing.assert_allclose(np.ravel(GaussianLikelihood().mean(outputs)), [-1, 0.5, 1])
    expected = 2 / (1 + np.exp(-outputs.ravel())) - 1  # P(white) - P(black)
    np.testing.assert_allclose(np.ravel(BernoulliLikelihood().mean(outputs)), expected, rtol=1e-5)


@pytest.mark.parametrize("likelihood", [GaussianLikelihood(0.5, learn_variance=False), BernoulliLikelihood()])
def test_config(likelihood):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert (type(restored), restored.get_config()) == (type(likelihood), likelihood.get_config())
    assert len(restored.trainable_variables) == len(likelihood.trainable_variables)


@pytest.mark.parametrize("variance", [0, -1, 1e-9, 1e9, math.nan])
def test_bad_variances_are_named(variance):
    with pytest.raises(ValueError, match=f"`variance` must be positive.* Received: variance={variance}"):
        GaussianLikelihood(variance)
