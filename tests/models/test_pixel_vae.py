"""The bound against sums over codes and images that are small enough to count."""

import itertools

import keras
import numpy as np
import pytest

import keras_genssl as kg

SHAPE, LATENTS = (2, 2, 1), 2
IMAGES = np.array(list(itertools.product([0, 255], repeat=4)), np.uint8).reshape(-1, *SHAPE)


def made(scale=0.7, log_variance=0.0, **arguments):
    """A model with large random weights, whose posterior has means of images and one variance."""
    encoder = kg.backbones.dense_encoder(2 * LATENTS, (), input_shape=SHAPE)
    decoder = kg.backbones.dense_decoder(LATENTS, (), output_shape=(*SHAPE[:2], 3))
    network = kg.backbones.pixelcnn(SHAPE, 2, 1, filters=4, blocks=2, first_kernel_size=3, map_channels=3)
    rng = np.random.default_rng(2)
    for part in (encoder, decoder, network):
        part.set_weights([rng.normal(scale=scale, size=weight.shape) for weight in part.weights])
    kernel = encoder.get_weights()[0]
    kernel[:, LATENTS:] = 0
    encoder.set_weights([kernel, np.array([0, 0, log_variance, log_variance])])
    distribution = kg.losses.BernoulliDistribution()
    return kg.models.PixelVAE(encoder, decoder, network, distribution=distribution, **arguments)


def levels_of(images):
    return keras.ops.convert_to_tensor((images > 0).astype("int32"))


def exact_log_prob(model, images):
    """log p(x) by Gauss-Hermite quadrature over both latents."""
    points, weights = np.polynomial.hermite_e.hermegauss(20)
    latents = np.array(list(itertools.product(points, repeat=2)), "float32")
    shares = np.array([first * second for first, second in itertools.product(weights / weights.sum(), repeat=2)])
    levels = levels_of(np.repeat(images, len(latents), axis=0))
    log_probs = model._log_prob(levels, np.tile(latents, (len(images), 1))).numpy().reshape(len(images), -1)
    return np.log(np.exp(log_probs) @ shares)


def test_the_density_sums_to_one_and_the_bound_lies_below_it_by_the_divergence_of_the_posterior():
    model = made(log_variance=-0.5)
    exact = exact_log_prob(model, IMAGES)
    assert np.exp(exact).sum() == pytest.approx(1, abs=1e-4)
    bound = model.elbo(np.repeat(IMAGES, 100, axis=0), num_samples=4, seed=0).reshape(len(IMAGES), 100).mean(axis=1)
    assert np.all(bound < exact + 0.02)
    # E_q log p(x|z) - KL for one image, by quadrature over q.
    mean = model.encode(IMAGES[3:4]).numpy()[0]
    points, weights = np.polynomial.hermite_e.hermegauss(20)
    grid = np.array(list(itertools.product(points, repeat=2)), "f") * np.exp(-0.25) + mean
    shares = np.array([a * b for a, b in itertools.product(weights / weights.sum(), repeat=2)])
    log_probs = model._log_prob(levels_of(np.repeat(IMAGES[3:4], len(grid), axis=0)), grid).numpy()
    kl = sum(0.5 * (m**2 + np.exp(-0.5) + 0.5 - 1) for m in mean)
    many = model.elbo(np.repeat(IMAGES[3:4], 2000, axis=0), num_samples=2, seed=1).mean()
    assert many == pytest.approx(shares @ log_probs - kl, abs=0.03)


def test_divergences_of_dimensions_and_the_active_ones():
    model = made(log_variance=-1.0)
    means = model.encode(IMAGES).numpy()
    expected = [np.mean(0.5 * (means[:, axis] ** 2 + np.exp(-1) + 1 - 1)) for axis in range(LATENTS)]
    np.testing.assert_allclose(model.kl_by_dimension(IMAGES), expected, rtol=1e-5)
    assert model.active_dimensions(IMAGES) == 2
    kernel, bias = model.encoder.get_weights()
    kernel[:, 0] = 0
    model.encoder.set_weights([kernel, bias])
    assert model.active_dimensions(IMAGES) == 1
    model.encoder.set_weights([0 * kernel, 0 * bias])
    assert (model.active_dimensions(IMAGES), model.kl_by_dimension(IMAGES).sum()) == (0, 0)


def test_free_bits_are_a_floor_of_each_dimension_and_stop_its_gradient():
    model = made(log_variance=-1.0, free_nats=0.8)
    x, _ = model.split_inputs(model.batch(IMAGES))
    found = model(x)
    each = 0.5 * (model.encode(IMAGES).numpy() ** 2 + np.exp(-1) + 1 - 1)
    assert (each < 0.8).any()
    assert (each > 0.8).any()
    np.testing.assert_allclose(found["kl"], each.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found["free_kl"], np.maximum(each, 0.8).sum(axis=1), rtol=1e-5)
    losses = model.example_losses(x, None, found)
    np.testing.assert_allclose(losses, found["reconstruction"] + found["free_kl"])


def test_samples_occur_as_often_as_they_are_probable_and_codes_decide_images():
    model = made()
    places = (model.sample(3000, seed=0).reshape(-1, 4) > 0) @ [8, 4, 2, 1]
    expected = np.exp(exact_log_prob(model, IMAGES))
    deviation = np.sqrt(expected * (1 - expected) / 3000)
    assert np.all(np.abs(np.bincount(places, minlength=16) / 3000 - expected) < 4 * deviation + 1e-3)
    np.testing.assert_array_equal(model.sample(5, seed=0), model.sample(9, seed=0)[:5])
    noise = np.random.default_rng(0).normal(size=(100, 4)).astype("float32")
    one, other = (model.generate(np.tile(np.array([code], "f"), (100, 1)), noise) for code in ([3, -3], [-3, 3]))
    np.testing.assert_array_equal(one, model.generate(np.tile(np.array([[3, -3]], "f"), (100, 1)), noise))
    assert np.any(one != other)


def test_bad_input_is_refused_before_the_first_step():
    with pytest.raises(ValueError, match=r"`free_nats` must be at least 0 and finite\. Received: free_nats=-1"):
        made(free_nats=-1)
    model = made()
    with pytest.raises(ValueError, match=r"`num_images` must be an integer of at least 1\. Received: num_images=0"):
        model.sample(0)
    measures = model.elbo, model.kl_by_dimension, model.active_dimensions, model.reconstruct
    for argument, calls, empty in (("images", measures, IMAGES[:0]), ("codes", [model.decode], np.zeros((0, 2), "f"))):
        for call in calls:
            with pytest.raises(ValueError, match=f"`{argument}` must hold at least one example"):
                call(empty)
    codes, noise = np.zeros((3, LATENTS), "float32"), np.zeros((3, 4), "float32")
    with pytest.raises(ValueError, match=r"`codes` must have shape \(batch, 2\) for this PixelVAE"):
        model.decode(noise)
    with pytest.raises(ValueError, match=r"`latents` must have shape \(batch, 2\) for this PixelVAE"):
        model.generate(noise, noise)
    with pytest.raises(ValueError, match=r"`noise` must have shape \(batch, 4\) for this PixelVAE"):
        model.generate(codes, codes)
    with pytest.raises(ValueError, match=r"`noise` must hold as many examples as `latents`\. Received: 3 and 1"):
        model.generate(codes[:1], noise)
    broken = made()
    broken.decoder.set_weights([np.full(weight.shape, np.nan) for weight in broken.decoder.weights])
    for draw in (lambda: broken.sample(1), lambda: broken.decode(codes)):
        with pytest.raises(ValueError, match="`network` must give finite outputs"):
            draw()
    with pytest.raises(ValueError, match="`image` must hold 2 evenly spaced levels"):
        model.elbo(np.full((1, *SHAPE), 99, np.uint8))
    distribution = kg.losses.BernoulliDistribution()
    for arguments, message in (
        ({}, "`network` must take the map that `decoder` gives, and no vector"),
        ({"map_channels": 2}, "Received: map_channels=2, vector_dim=None"),
        ({"map_channels": 3, "vector_dim": 2}, "Received: map_channels=3, vector_dim=2"),
    ):
        network = kg.backbones.pixelcnn(SHAPE, 2, 1, filters=4, blocks=1, **arguments)
        with pytest.raises(ValueError, match=message):
            kg.models.PixelVAE(model.encoder, model.decoder, network, distribution=distribution)
    longer = kg.backbones.dense_decoder(3, (), output_shape=(*SHAPE[:2], 3))
    with pytest.raises(ValueError, match="`encoder` must give a mean and a log-variance for each"):
        kg.models.PixelVAE(model.encoder, longer, model.network, distribution=distribution)
