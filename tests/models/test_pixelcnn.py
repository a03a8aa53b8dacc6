"""Exact probabilities, and samples that equal those of a full pass for each pixel."""

import itertools

import keras
import numpy as np
import pytest

import keras_genssl as kg
from keras_genssl.models.autoregressive.base import drawn_noise, uniform


def made(shape, distribution, filters=6, scale=0.5, **network):
    """A model with large random weights, whose probabilities are far from even."""
    network = kg.backbones.pixelcnn(
        shape, distribution.num_levels, distribution.num_outputs, filters=filters, blocks=2, **network
    )
    rng = np.random.default_rng(5)
    network.set_weights([rng.normal(scale=scale, size=weight.shape) for weight in network.weights])
    return kg.models.PixelCNN(network, distribution=distribution)


BITS = kg.losses.BernoulliDistribution()


def test_the_probabilities_of_all_black_and_white_images_sum_to_one():
    images = np.array(list(itertools.product([0, 255], repeat=9)), np.uint8).reshape(-1, 3, 3, 1)
    log_probs = made((3, 3, 1), BITS).log_prob(images)
    assert np.exp(log_probs).sum() == pytest.approx(1, abs=1e-5)
    assert log_probs.max() - log_probs.min() > 2  # far from even


def test_the_probabilities_of_all_pairs_of_bytes_and_all_small_pictures_in_colour_sum_to_one():
    pairs = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).reshape(-1, 1, 2, 1).astype("int32")
    for distribution in (kg.losses.CategoricalDistribution(256), kg.losses.DiscretizedLogisticMixture(256, 2)):
        log_probs = made((1, 2, 1), distribution)({"levels": pairs}).numpy()
        assert np.exp(log_probs.astype("float64")).sum() == pytest.approx(1, abs=1e-4)
    colours = np.array(list(itertools.product([0, 128, 255], repeat=6)), np.uint8).reshape(-1, 1, 2, 3)
    model = made((1, 2, 3), kg.losses.CategoricalDistribution(3), vector_dim=2)
    for label in (0, 1):
        log_probs = model.log_prob(colours, np.full(len(colours), label))
        assert np.exp(log_probs).sum() == pytest.approx(1, abs=1e-5)


def test_an_untrained_network_needs_eight_bits_a_pixel():
    network = kg.backbones.pixelcnn((8, 8, 1), 256, 256, filters=4, blocks=2)
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    model = kg.models.PixelCNN(network)
    assert model.bits_per_dim(images).mean() == pytest.approx(8, abs=0.02)
    assert -model.log_prob(images).mean() == pytest.approx(64 * np.log(256), rel=2e-3)


@pytest.mark.parametrize(
    ("shape", "distribution", "network"),
    [
        ((5, 4, 1), BITS, {}),
        ((4, 4, 1), BITS, {"kernel_size": 1}),
        ((4, 4, 3), kg.losses.CategoricalDistribution(4), {"vector_dim": 2}),
        ((4, 4, 1), kg.losses.DiscretizedLogisticMixture(16, 2), {"embedding_dim": 3}),
    ],
)
def test_samples_are_those_of_a_full_pass_for_each_level(shape, distribution, network):
    model = made(shape, distribution, **network)
    labels = [1, 0, 1] if "vector_dim" in network else None
    vector = [np.eye(2, dtype="f")[labels]] if labels else []
    noise, levels = drawn_noise(3, 7, shape), np.zeros((3, *shape), np.int32)
    for place in np.ndindex(*shape):
        outputs = model.network([levels, *vector])
        at = (slice(None), *place)
        levels[at] = distribution.sample(outputs[at], noise[at])
    expected = 2 * levels / (distribution.num_levels - 1) - 1
    drawn = model.sample(3, seed=7, labels=labels)
    np.testing.assert_allclose(drawn, expected, atol=1e-6)
    assert len(np.unique(drawn)) > 1
    np.testing.assert_array_equal(model.sample(2, seed=7, labels=labels and labels[:2]), drawn[:2])
    completed = model.complete(drawn, 2, seed=7, labels=labels)
    np.testing.assert_array_equal(completed, drawn)  # the same noise, the same upper half: the same lower half
    other = model.complete(-drawn, 2, seed=7, labels=labels)
    np.testing.assert_allclose(other[:, :2], -drawn[:, :2], atol=1e-6)
    np.testing.assert_array_equal(model.complete(-drawn, 0, seed=7, labels=labels), drawn)


def test_samples_occur_as_often_as_they_are_probable():
    model = made((1, 3, 1), BITS)
    every = np.array(list(itertools.product([-1, 1], repeat=3)), "float32").reshape(-1, 1, 3, 1)
    drawn = model.sample(4000, seed=0).reshape(-1, 3) > 0
    shares = np.bincount(drawn @ [4, 2, 1], minlength=8) / 4000
    expected = np.exp(model.log_prob(every))
    assert np.all(np.abs(shares - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000) + 1e-9)


def test_latents_are_noise_by_the_normal_distribution_function():
    noise = np.array([[0.025, 0.5, 0.84134475]], "float32")
    np.testing.assert_allclose(uniform(np.array([[-1.959964, 0, 1]], "f"), (1, 3, 1)).numpy().ravel(), noise[0], 1e-4)
    model = made((2, 2, 1), BITS)
    latents = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    drawn = model.generate(latents)
    np.testing.assert_array_equal(drawn, model.draw(uniform(latents, (2, 2, 1))))
    np.testing.assert_array_equal(model.generate(latents[3:4]), drawn[3:4])
    assert len(np.unique(drawn)) == 2
    assert model.latent_dim == 4


def test_images_are_drawn_in_one_graph_not_in_python(monkeypatch):
    """In Python each of 16 pixels calls the network's step; a graph is traced, at most twice, and then calls none."""
    model, calls = made((4, 4, 1), BITS), []
    pixel = model.network.pixel
    monkeypatch.setattr(model.network, "pixel", lambda *inputs: calls.append(1) or pixel(*inputs))
    for count in (1, 2, 3):
        model.generate(np.zeros((count, 16), "float32"))
        model.sample(count, seed=0)
        model.complete(np.zeros((count, 4, 4, 1), np.uint8), 2, seed=0)
    assert 1 <= len(calls) < 16


def test_a_network_whose_outputs_are_nan_draws_nothing():
    model = made((3, 3, 1), BITS)
    model.network.set_weights([np.full(weight.shape, np.nan) for weight in model.network.weights])
    with pytest.raises(ValueError, match="`network` must give finite outputs"):
        model.sample(2)
    with pytest.raises(ValueError, match="`network` must give finite outputs"):
        model.complete(np.zeros((1, 3, 3, 1), np.uint8), 1)
    assert np.isnan(model.generate(np.zeros((2, 9), "float32"))).all()


def test_bad_input_is_refused_before_the_first_step():
    with pytest.raises(ValueError, match=r"`network` must be a network of backbones\.pixelcnn"):
        kg.models.PixelCNN(kg.backbones.srcnn())
    network = kg.backbones.pixelcnn((3, 3, 1), 2, 1, filters=2, blocks=1)
    with pytest.raises(ValueError, match=r"clone_model makes a plain model of one; `PixelNetwork\.from_config"):
        kg.models.PixelCNN(keras.models.clone_model(network), distribution=BITS)
    kg.models.PixelCNN(type(network).from_config(network.get_config()), distribution=BITS)
    with pytest.raises(ValueError, match=r"num_levels=256 and num_outputs=256\. Received: num_levels=2"):
        kg.models.PixelCNN(kg.backbones.pixelcnn((3, 3, 1), 2, 1, filters=2, blocks=1))
    with pytest.raises(ValueError, match="`network` must take no map"):
        made((3, 3, 1), BITS, map_channels=1)
    model, of_classes = made((3, 3, 1), BITS), made((3, 3, 1), BITS, vector_dim=2)
    image = np.zeros((1, 3, 3, 1), np.uint8)
    with pytest.raises(ValueError, match=r"`num_images` must be an integer of at least 1\. Received: num_images=0"):
        model.sample(0)
    with pytest.raises(ValueError, match="`labels` must be None: the network knows no classes"):
        model.sample(1, labels=[0])
    with pytest.raises(ValueError, match=r"`labels` must be integers in \[0, 2\). Received: labels=None"):
        of_classes.log_prob(image)
    with pytest.raises(ValueError, match=r"`labels` must be integers in \[0, 2\)"):
        of_classes.sample(1, labels=[2])
    with pytest.raises(ValueError, match=r"`rows` must lie in \[0, 3\]. Received: rows=4"):
        model.complete(image, 4)
    for call in (model.log_prob, model.bits_per_dim, lambda images: model.complete(images, 1)):
        with pytest.raises(ValueError, match=r"`images` must hold at least one example\. Received: none"):
            call(image[:0])


@pytest.mark.parametrize(
    ("classes", "arguments", "message"),
    [
        (
            False,
            (np.zeros((1, 8), "f"),),
            r"`latents` must have shape \(batch, 9\) for this PixelCNN\. Received: .*\(1, 8\)",
        ),
        (False, (np.zeros((1, 9), "i"),), "`latents` must hold floats"),
        (False, (np.full((1, 9), np.nan, "f"),), "`latents` must be finite"),
        (
            False,
            (np.zeros((1, 9), "f"), [0]),
            r"`labels` must be None: the network knows no classes\. Received: labels=\[0\]",
        ),
        (True, (np.zeros((1, 9), "f"),), r"`labels` must be integers in \[0, 2\)\. Received: labels=None"),
        (True, (np.zeros((1, 9), "f"), [2]), r"`labels` must lie in \[0, 2\)\. Received: numbers from 2 to 2"),
        (True, (np.zeros((1, 9), "f"), 1), r"`labels` must have shape \(batch,\)"),
        (True, (np.zeros((2, 9), "f"), [1]), "`labels` must hold as many examples as `latents`. Received: 1 and 2"),
    ],
)
def test_latents_and_labels_that_do_not_fit_draw_nothing(classes, arguments, message):
    model = made((3, 3, 1), BITS, **({"vector_dim": 2} if classes else {}))
    with pytest.raises(ValueError, match=message):
        model.generate(*arguments)


def test_pixels_between_levels_are_refused_in_training_too():
    model = made((3, 3, 1), BITS)
    grey = np.full((4, 3, 3, 1), 100, np.uint8)
    with pytest.raises(ValueError, match="`image` must hold 2 evenly spaced levels from black to white"):
        model.log_prob(grey)
    model.compile("sgd")
    with pytest.raises(ValueError, match="`image` must hold 2 evenly spaced levels from black to white"):
        model.fit(grey, verbose=0)
    with pytest.raises(ValueError, match="A batch for PixelCNN must hold"):
        made((3, 3, 1), BITS, vector_dim=2).batch(np.zeros((1, 3, 3, 1), np.uint8))
    for levels in (2, 3, 5, 16, 100, 256):  # eight bits round most of them
        every = kg.pretext.quantized({"image": np.arange(256, dtype=np.uint8).reshape(1, 256, 1)}, 0, levels)["image"]
        found = kg.engine.levels.to_levels(every / np.float32(127.5) - 1, levels)
        np.testing.assert_array_equal(found, kg.pretext.level_numbers(every, levels))
        assert len(np.unique(found)) == levels
