import keras
import numpy as np
import pytest

from keras_genssl import layers
from keras_genssl.engine import TargetNetwork


def network() -> keras.Model:
    image = keras.Input((4, 4, 2))
    return keras.Model(image, layers.BatchNormalization()(keras.layers.Conv2D(3, 1)(image)))


def filled(model: keras.Model, value: float) -> None:
    model.set_weights([np.full(weight.shape, value) for weight in model.weights])


def test_update_is_the_moving_average_of_trainable_weights() -> None:
    online = network()
    filled(online, 0.0)
    target = TargetNetwork(online, momentum=0.75)
    filled(online, 1.0)
    for updates in (1, 2, 3):
        target.update()
        for copy, source in zip(target.copy.weights, online.weights, strict=True):
            expected = 1 - 0.75**updates if source.trainable else 0.0
            np.testing.assert_allclose(copy, np.full(copy.shape, expected), rtol=1e-6)


def test_statistics_are_averaged_when_asked_and_momentum_can_be_given() -> None:
    online = network()
    filled(online, 0.0)
    target = TargetNetwork(online, momentum=0.5, average_statistics=True)
    filled(online, 1.0)
    target.update(momentum=0.9)
    for copy in target.copy.weights:
        np.testing.assert_allclose(copy, np.full(copy.shape, 0.1), rtol=1e-6)


def test_the_copy_is_no_player_but_its_batch_norm_trains() -> None:
    online = network()
    target = TargetNetwork(online)
    assert target.trainable_variables == []
    assert len(target.weights) == len(online.weights)  # the online network is not a part of it
    mean = next(weight for weight in target.copy.weights if "moving_mean" in weight.path)
    before = mean.numpy()
    target(keras.random.normal((2, 4, 4, 2), seed=1) + 3.0, training=True)
    assert np.all(mean.numpy() != before)


def test_errors() -> None:
    with pytest.raises(ValueError, match="`momentum` must lie in"):
        TargetNetwork(network(), momentum=1.5)
    with pytest.raises(ValueError, match="`network` must be built"):
        TargetNetwork(keras.Sequential([keras.layers.Dense(1)]))
