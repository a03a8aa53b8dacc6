import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_genssl.losses import BernoulliDistribution, CategoricalDistribution, DiscretizedLogisticMixture

DISTRIBUTIONS = [
    BernoulliDistribution(),
    CategoricalDistribution(5),
    DiscretizedLogisticMixture(256, 3),
    DiscretizedLogisticMixture(2, 1),
]


def outputs_of(distribution, count=7):
    return np.random.default_rng(0).normal(scale=2, size=(count, distribution.num_outputs)).astype("float32")


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_probabilities_sum_to_one_and_are_those_of_each_level(distribution):
    outputs = outputs_of(distribution)
    log_probs = distribution.log_probs(outputs).numpy()
    assert log_probs.shape == (7, distribution.num_levels)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=-1), 1, atol=1e-5)
    for level in (0, 1, distribution.num_levels - 1):
        one = distribution.log_prob(np.full(7, level, "int32"), outputs)
        np.testing.assert_allclose(one, log_probs[:, level], atol=1e-5)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_evenly_spaced_noise_draws_each_level_as_often_as_it_is_probable(distribution):
    outputs = np.repeat(outputs_of(distribution, 1), 10_000, axis=0)
    drawn = distribution.sample(outputs, ((np.arange(10_000) + 0.5) / 10_000).astype("float32")).numpy()
    shares = np.bincount(drawn, minlength=distribution.num_levels) / 10_000
    expected = np.exp(distribution.log_probs(outputs[:1])[0])
    np.testing.assert_allclose(shares, expected, atol=2e-4)
    assert np.all(np.diff(drawn) >= 0)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_no_level_is_drawn_of_outputs_that_are_nan(distribution):
    outputs = outputs_of(distribution)
    outputs[2, 0] = np.nan
    drawn = distribution.sample(outputs, np.full(7, 0.5, "float32")).numpy()
    assert drawn[2] == -1
    assert np.delete(drawn, 2).min() >= 0


def test_the_logistic_mixture_equals_scipy_with_tails_in_the_edge_bins():
    logits, means, log_scales = np.array([0.3, -0.5]), np.array([-0.9, 0.4]), np.array([-2.0, -1.0])
    weights = np.exp(logits) / np.exp(logits).sum()
    edges = np.concatenate([[-np.inf], (np.arange(255) + 0.5) / 127.5 - 1, [np.inf]])
    each = [np.diff(scipy.stats.logistic(m, np.exp(s)).cdf(edges)) for m, s in zip(means, log_scales, strict=True)]
    outputs = np.concatenate([logits, means, log_scales]).astype("float32")[None]
    log_probs = DiscretizedLogisticMixture(256, 2).log_probs(outputs)[0]
    np.testing.assert_allclose(log_probs, np.log(weights @ each), atol=1e-4)


@pytest.mark.parametrize("log_scale", [-30.0, 30.0])
def test_the_logistic_mixture_stays_finite_with_its_gradient_at_any_scale(log_scale):
    outputs = tf.Variable([[0.0, 0.99, log_scale]])
    with tf.GradientTape() as tape:
        log_probs = DiscretizedLogisticMixture(256, 1).log_probs(outputs)
    assert np.all(np.isfinite(log_probs))
    assert np.all(np.isfinite(tape.gradient(log_probs, outputs)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CategoricalDistribution(1), "`num_levels` must be at least 2. Received: num_levels=1"),
        (lambda: CategoricalDistribution(2.5), "`num_levels` must be an integer"),
        (lambda: DiscretizedLogisticMixture(256, 0), "`num_mixtures` must be an integer of at least 1"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
