"""The weights of the network, that its classes are a linear map of its features, and what it refuses."""

import keras
import numpy as np
import pytest

from keras_genssl import backbones
from keras_genssl.layers import WeightNormalization


def test_weights_are_those_of_the_convolutions_and_their_lengths() -> None:
    network = backbones.semi_supervised_discriminator((28, 28, 1), 10, filters=4)

    def of(size: int, inputs: int, outputs: int) -> int:
        return outputs * (size * size * inputs + 2)  # a bias and a length for each output

    expected = of(3, 1, 4) + of(3, 4, 4) + of(3, 4, 8) + of(3, 8, 8) + of(3, 8, 8) + of(1, 8, 8) + of(1, 8, 10)
    assert network.count_params() == expected


@pytest.mark.parametrize("side", [28, 32, 64])
def test_classes_are_a_linear_map_of_the_features(side: int) -> None:
    network = backbones.semi_supervised_discriminator((side, side, 3), 5, filters=2)
    images = np.random.default_rng(0).uniform(-1, 1, (4, side, side, 3)).astype("float32")
    logits, features = network(images)
    last = network.get_layer("logits_wn")
    assert isinstance(last, WeightNormalization)
    assert features.shape == (4, 4)
    np.testing.assert_allclose(logits, features @ last.layer.kernel + last.layer.bias, atol=1e-5)
    # No other image of the batch has an effect, and in inference no dropout.
    np.testing.assert_allclose(network(images[:1])[0], logits[:1], atol=1e-5)


def test_dropout_is_of_the_input_and_of_each_block() -> None:
    network = backbones.semi_supervised_discriminator((28, 28, 1), 3, filters=2, input_dropout=0.1, dropout=0.3)
    rates = [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.1, 0.3, 0.3]
    without = backbones.semi_supervised_discriminator((28, 28, 1), 3, filters=2, input_dropout=0.0, dropout=0.0)
    assert not [layer for layer in without.layers if isinstance(layer, keras.layers.Dropout)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (30, 30, 1)}, "`image_shape` must be"),
        ({"num_classes": 1}, "`num_classes` must be at least 2. Received: num_classes=1"),
        ({"filters": 0}, "`filters` must be at least 1"),
        ({"input_dropout": 1.0}, r"`input_dropout` must lie in \[0, 1\)"),
        ({"dropout": -0.1}, r"`dropout` must lie in \[0, 1\)"),
    ],
)
def test_a_number_out_of_range_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        backbones.semi_supervised_discriminator(**{"image_shape": (28, 28, 1), "num_classes": 3, **arguments})
