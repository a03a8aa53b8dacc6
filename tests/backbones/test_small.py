import keras
import numpy as np
import pytest

from keras_genssl import backbones


def test_its_size_and_its_features():
    """Convolutions without bias, four numbers a channel of each norm; features are the mean over 7x7."""
    network = backbones.fashion_classifier((2, 3, 5, 7), num_classes=4)
    kernels = 9 * (1 * 2 + 2 * 3 + 3 * 3 + 3 * 5 + 5 * 7)
    assert network.count_params() == kernels + 4 * (2 + 3 + 3 + 5 + 7) + 7 * 4 + 4
    last = keras.Model(network.input, network.get_layer("relu5").output)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 28, 28, 1)).astype(np.float32)
    features, logits = network(images, training=False)
    assert last(images).shape == (3, 7, 7, 7)
    np.testing.assert_allclose(features, np.mean(last(images), (1, 2)), rtol=1e-5)
    assert logits.shape == (3, 4)


def test_a_seed_gives_the_weights():
    one, same, other = (backbones.fashion_classifier((2, 3, 5, 7), seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"filters": (1, 2, 3)}, "four positive numbers"),
        ({"filters": (1, 2, 3, 0)}, "four positive numbers"),
        ({"num_classes": 0}, "num_classes=0"),
    ],
)
def test_bad_arguments_are_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        backbones.fashion_classifier(**arguments)


def shapes(network: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in network.trainable_weights]


def test_a_normalised_head_has_no_biases() -> None:
    head = backbones.projection_head(5, 3, 7, num_layers=3)
    assert shapes(head) == [(5, 7), (7,), (7,), (7, 7), (7,), (7,), (7, 3)]  # gains and centres of batch norm
    assert all(layer.synchronized for layer in head.layers if isinstance(layer, keras.layers.BatchNormalization))


def test_a_head_without_batch_norm_has_biases() -> None:
    assert shapes(backbones.projection_head(5, 3, batch_norm=False, output_bias=True)) == [(5, 5), (5,), (5, 3), (3,)]
    assert shapes(backbones.projection_head(5, 3, num_layers=1)) == [(5, 3)]


def test_normalised_outputs_have_mean_0_and_variance_1() -> None:
    head = backbones.projection_head(5, 3, output_norm=True)
    assert shapes(head) == [(5, 5), (5,), (5,), (5, 3)]
    outputs = np.asarray(head(np.random.default_rng(0).normal(size=(64, 5)), training=True))
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(outputs.std(axis=0), 1, atol=0.05)  # an epsilon of 1e-3 beside small variances


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"`hidden_dim` must be at least 1. Received: hidden_dim=0"):
        backbones.projection_head(5, hidden_dim=0)
    with pytest.raises(ValueError, match="`num_layers` must be at least 1"):
        backbones.projection_head(5, num_layers=0)
    with pytest.raises(ValueError, match="`output_bias` must be False"):
        backbones.projection_head(5, output_norm=True, output_bias=True)
