"""The architecture of the Fashion features."""

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
