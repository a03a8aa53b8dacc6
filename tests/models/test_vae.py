"""The bounds are held against a model whose likelihood is known: linear, Gaussian, probabilistic PCA."""

import math

import keras
import numpy as np
import pytest
import scipy.stats

import keras_genssl as kg

SHAPE = (3, 3, 1)
PIXELS = 9
NOISE = 0.2  # variance of a pixel


def linear_vae(posterior_scale=1.0, shift=0.0):
    """A VAE with decoder W z + b, its exact likelihood, and its posterior's means and variances.

    With orthogonal columns in W the true posterior has a diagonal covariance, so that q can be it exactly:
    M = W^T W + s I, mean M^-1 W^T (x - b), covariance s M^-1 (Tipping & Bishop, Section 3.2).
    """
    rng = np.random.default_rng(0)
    weights = np.linalg.qr(rng.normal(size=(PIXELS, 2)))[0] * [0.9, 0.4]
    offset = rng.normal(scale=0.1, size=PIXELS)
    precision = (weights**2).sum(axis=0) + NOISE
    variances = NOISE / precision
    encoder = kg.backbones.dense_encoder(4, (), input_shape=SHAPE)
    means = weights / precision
    kernel = np.concatenate([means, np.zeros_like(means)], axis=1)
    bias = np.concatenate([shift - offset @ means, np.log(posterior_scale * variances)])
    encoder.set_weights([kernel, bias])
    decoder = kg.backbones.dense_decoder(2, (), output_shape=SHAPE)
    decoder.set_weights([weights.T, offset])
    model = kg.models.VAE(encoder, decoder, likelihood=kg.losses.GaussianLikelihood(NOISE))
    exact = scipy.stats.multivariate_normal(offset, weights @ weights.T + NOISE * np.eye(PIXELS))
    return model, lambda images: exact.logpdf(images.reshape(len(images), -1)), variances


@pytest.fixture
def images():
    return np.random.default_rng(1).uniform(-1, 1, (100, *SHAPE)).astype("float32")


def test_with_the_true_posterior_every_draw_gives_the_likelihood(images):
    """p(x|z) p(z) / q(z|x) is p(x) then, whatever z is."""
    model, exact, _ = linear_vae()
    for num_samples, seed in ((1, 0), (1, 1), (7, 2)):
        np.testing.assert_allclose(model.log_likelihood(images, num_samples, seed), exact(images), atol=1e-3)
    error = (model.elbo(images, 2000, seed=0) - exact(images)).mean()
    assert abs(error) < 0.01


def test_the_bounds_are_in_order_and_the_gap_is_the_divergence(images):
    model, exact, variances = linear_vae(posterior_scale=2.0, shift=0.3)
    elbo = model.elbo(images, 2000, seed=0)
    few, many = (model.log_likelihood(images, k, seed=1) for k in (5, 5000))
    assert elbo.mean() < few.mean() < many.mean() < exact(images).mean() + 0.01
    np.testing.assert_allclose(many, exact(images), atol=0.1)
    # log p(x) - ELBO = KL(q || posterior), of Gaussians with variance ratio 2 and means 0.3 apart.
    gap = 0.5 * np.sum(2 + 0.09 / variances - 1 - np.log(2))
    assert (exact(images) - elbo).mean() == pytest.approx(gap, rel=0.01)


def test_the_elbo_is_the_negative_loss(images):
    model, _, _ = linear_vae(posterior_scale=2.0)
    model.compile("sgd")
    logs = model.evaluate(np.repeat(images, 100, axis=0), batch_size=500, verbose=0, return_dict=True)
    spread = (model.elbo(images, 1, seed=1) - model.elbo(images, 1, seed=2)).std() / np.sqrt(2)
    assert abs(-logs["loss"] - model.elbo(images, 2000, seed=0).mean()) < 4 * spread / np.sqrt(10000)
    assert logs["loss"] == pytest.approx(logs["reconstruction"] + logs["kl"], rel=1e-5)


def test_beta_weighs_the_divergence_in_the_loss_alone(images):
    encoder, decoder = linear_vae()[0].encoder, linear_vae()[0].decoder
    model = kg.models.VAE(encoder, decoder, likelihood=kg.losses.GaussianLikelihood(NOISE), beta=3.0)
    terms = model(images)
    mean, log_variance = np.split(np.array(encoder(images)), 2, axis=1)
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).sum(axis=1)
    np.testing.assert_allclose(terms["kl"], divergence, rtol=1e-4)
    np.testing.assert_allclose(
        model.example_losses(images, images, terms), np.array(terms["reconstruction"]) + 3 * divergence, rtol=1e-5
    )
    np.testing.assert_allclose(model.elbo(images, 3, seed=4), linear_vae()[0].elbo(images, 3, seed=4), rtol=1e-6)


def with_samples(count, **arguments):
    model, exact, _ = linear_vae(**arguments)
    nets = model.encoder, model.decoder
    return kg.models.VAE(*nets, likelihood=kg.losses.GaussianLikelihood(NOISE), num_samples=count), exact


def losses_of(model, images):
    return np.array(model.example_losses(images, images, model(images, training=True)))


def test_with_the_true_posterior_the_importance_weighted_loss_is_the_likelihood(images):
    """Each weight is p(x) then, whatever z is, and so is their mean."""
    for count in (2, 7):
        model, exact = with_samples(count)
        np.testing.assert_allclose(losses_of(model, images), -exact(images), atol=1e-3)


def test_the_importance_weighted_loss_equals_a_loop_over_images_and_draws(images):
    model, _ = with_samples(3, posterior_scale=2.0, shift=0.3)
    model.seed = keras.random.SeedGenerator(5)
    noise = np.array(keras.random.normal((4, 3, 2), seed=keras.random.SeedGenerator(5)), np.float64)
    terms = model(images[:4], training=True)
    mean, log_variance = np.split(np.array(model.encoder(images[:4]), np.float64), 2, axis=1)
    scale = np.exp(log_variance / 2)
    weights, offset = model.decoder.get_weights()
    for i in range(4):
        log_w, log_p = [], []
        for k in range(3):
            z = mean[i] + scale[i] * noise[i, k]
            pixels = scipy.stats.norm(z @ weights + offset, np.sqrt(NOISE))
            log_p.append(pixels.logpdf(images[i].ravel()).sum())
            prior, posterior = scipy.stats.norm.logpdf(z).sum(), scipy.stats.norm.logpdf(z, mean[i], scale[i]).sum()
            log_w.append(log_p[-1] + prior - posterior)
        np.testing.assert_allclose(terms["log_weights"][i], log_w, rtol=1e-4)
        assert float(terms["reconstruction"][i]) == pytest.approx(-np.mean(log_p), rel=1e-4)
        loss = model.example_losses(images[:4], images[:4], terms)[i]
        assert float(loss) == pytest.approx(-np.log(np.mean(np.exp(log_w))), rel=1e-4)
        z = mean[i] + scale[i] * noise[i, 0]
        np.testing.assert_allclose(np.ravel(terms["image"][i]), np.clip(z @ weights + offset, -1, 1), atol=1e-5)


def test_the_loss_is_the_bound_that_is_estimated_for_any_model(images):
    """`log_likelihood` with as many draws; and its gap to the likelihood closes with more."""
    many, gaps = np.repeat(images, 20, axis=0), []
    for count in (2, 10):
        model, exact = with_samples(count, posterior_scale=2.0, shift=0.3)
        losses = losses_of(model, many)
        differences = losses + model.log_likelihood(many, count, seed=1)
        assert abs(differences.mean()) < 4 * differences.std() / np.sqrt(len(many))
        gaps.append((losses + exact(many)).mean())
    assert gaps[0] > 2 * gaps[1] > 0


def test_one_sample_is_the_elbo_to_the_bit(images):
    one, _ = with_samples(1, posterior_scale=2.0)
    plain, _, _ = linear_vae(posterior_scale=2.0)
    for model in (one, plain):
        model.seed = keras.random.SeedGenerator(5)
    np.testing.assert_array_equal(losses_of(one, images), losses_of(plain, images))


def test_codes_are_drawn_from_the_posterior(images):
    """The variance of reconstructions W z + b over draws of z is diag(W S W^T)."""
    model, _, variances = linear_vae()
    model.likelihood = kg.losses.GaussianLikelihood(NOISE)
    drawn = np.array(model(np.repeat(images[:1] * 0, 20000, axis=0))["image"]).reshape(20000, -1)
    weights, offset = model.decoder.get_weights()
    np.testing.assert_allclose(drawn.var(axis=0), variances @ weights**2, rtol=0.05)
    expected = np.array(model.encode(images[:1] * 0)) @ weights + offset
    np.testing.assert_allclose(drawn.mean(axis=0), expected[0], atol=0.01)
    np.testing.assert_allclose(np.ravel(model.reconstruct(images[:1] * 0)), expected[0], atol=1e-5)


def test_samples_have_the_covariance_of_the_decoder():
    model, _, _ = linear_vae()
    weights, offset = (0.2 * values for values in model.decoder.get_weights())  # small: nothing is clipped
    model.decoder.set_weights([weights, offset])
    samples = model.sample(20000, seed=0).reshape(20000, -1)
    np.testing.assert_allclose(samples.mean(axis=0), offset, atol=0.006)
    np.testing.assert_allclose(np.cov(samples.T), weights.T @ weights, atol=0.002)


def test_seeds_of_samples(images):
    model, _, _ = linear_vae()
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(5, seed=1))
    assert (model.sample(5, seed=1) != model.sample(5, seed=2)).any()
    assert (model.sample(5) != model.sample(5)).any()
    before = keras.ops.convert_to_numpy(model.seed.state)
    model.sample(3), model.elbo(images), model.log_likelihood(images, 2)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model.seed.state), before
    )  # a resumed run sees the same noise


def test_estimates_do_not_depend_on_the_form_of_the_images():
    model, _, _ = linear_vae()
    stored = np.random.default_rng(0).integers(256, size=(70, *SHAPE), dtype=np.uint8)
    floats = stored.astype("float32") / 127.5 - 1
    np.testing.assert_allclose(model.elbo(stored, seed=3), model.elbo(floats, seed=3), rtol=1e-5)
    assert model.log_likelihood(stored, 2000, seed=3).shape == (70,)


def test_bernoulli_likelihood_of_a_vae_that_ignores_its_code():
    """The decoder's weights are zero, q is the prior: p(x) is the product of the bias' probabilities."""
    encoder = kg.backbones.dense_encoder(4, (), input_shape=SHAPE)
    decoder = kg.backbones.dense_decoder(2, (), output_shape=SHAPE)
    encoder.set_weights([np.zeros((9, 4)), np.zeros(4)])
    logits = np.linspace(-2, 2, 9)
    decoder.set_weights([np.zeros((2, 9)), logits])
    model = kg.models.VAE(encoder, decoder, likelihood=kg.losses.BernoulliLikelihood())
    bits = np.random.default_rng(0).integers(0, 2, (6, 9))
    expected = scipy.stats.bernoulli.logpmf(bits, 1 / (1 + np.exp(-logits))).sum(axis=1)
    stored = (255 * bits).astype(np.uint8).reshape(-1, *SHAPE)
    np.testing.assert_allclose(model.log_likelihood(stored, 3, seed=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model.elbo(stored, 3, seed=0), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.sample(0), "`num_images` must be an integer of at least 1. Received: num_images=0"),
        (lambda model: model.sample(3, seed=True), "`seed` must be an integer of at least 0. Received: seed=True"),
        *[
            (
                lambda model, value=value: kg.models.VAE(model.encoder, model.decoder, num_samples=value),
                f"`num_samples` must be an integer of at least 1. Received: num_samples={value}",
            )
            for value in (2.5, math.nan, True)
        ],
        (
            lambda model: kg.models.VAE(model.encoder, model.decoder, beta=math.nan),
            "`beta` must be at least 0 and finite. Received: beta=nan",
        ),
        (
            lambda model: model.elbo(np.zeros((1, *SHAPE)), 0),
            "`num_samples` must be an integer of at least 1. Received: num_samp",
        ),
        (
            lambda model: model.log_likelihood(np.zeros((1, *SHAPE)), -1),
            "`num_samples` must be an integer of at least 1",
        ),
        (
            lambda model: kg.models.VAE(model.encoder, model.decoder, beta=-1),
            "`beta` must be at least 0 and finite. Received: beta=-1",
        ),
        (
            lambda model: kg.models.VAE(model.encoder, model.decoder, num_samples=0),
            "`num_samples` must be an integer of at least 1. Received: num_samples=0",
        ),
        (
            lambda model: kg.models.VAE(model.encoder, model.decoder, num_samples=5, beta=2.0),
            "`num_samples` must be 1 unless beta=1.* Received: num_samples=5, beta=2",
        ),
        (
            lambda model: kg.models.VAE(kg.backbones.dense_encoder(2, (), input_shape=SHAPE), model.decoder),
            r"`encoder` must give 2 values for each unit that `decoder` takes. Received: .*\(None, 2\).*\(None, 2\)",
        ),
        (
            lambda model: kg.models.VAE(
                model.encoder,
                kg.backbones.dense_decoder(2, (), output_shape=SHAPE, output_activation="tanh"),
                likelihood=kg.losses.BernoulliLikelihood(),
            ),
            "`likelihood` needs logits.* Received: a decoder whose last activation is 'tanh'",
        ),
        (lambda model: kg.models.VAE(keras.Sequential(), model.decoder), "`encoder` must be built"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(linear_vae()[0])
