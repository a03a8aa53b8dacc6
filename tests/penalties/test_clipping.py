import keras
import numpy as np
import pytest

from keras_genssl import layers
from keras_genssl.penalties import clip_weights


def critic():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, strides=2)(image)
    x = keras.layers.PReLU(shared_axes=[1, 2])(layers.BatchNormalization()(x))
    x = layers.SpectralNormalization(keras.layers.Conv2D(2, 1))(x)
    return keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(x)))


def step(network, rate=0.5):
    """One descent of the mean output; returns the trainable weights."""
    network.compile(keras.optimizers.SGD(rate), loss=lambda y, y_pred: y_pred)
    images = np.random.default_rng(0).normal(size=(6, 8, 8, 3)).astype("float32")
    network.train_on_batch(images, np.zeros(6))
    return [variable.numpy() for variable in network.trainable_variables]


def test_an_update_is_what_it_would_be_without_then_clipped():
    keras.utils.set_random_seed(0)
    free = critic()
    clipped = keras.models.clone_model(free)
    clipped.set_weights(free.get_weights())
    clip_weights(clipped, 0.05)
    expected = [np.clip(weight, -0.05, 0.05) for weight in step(free)]
    for weight, value in zip(step(clipped), expected, strict=True):
        np.testing.assert_allclose(weight, value, atol=1e-6)
    assert sum((np.abs(value) == np.float32(0.05)).sum() for value in expected) > 20


def test_a_loaded_network_still_clips(tmp_path):
    network = critic()
    clip_weights(network, 0.03)
    network.save(tmp_path / "critic.keras")
    loaded = keras.models.load_model(tmp_path / "critic.keras")
    cloned = keras.models.clone_model(network)
    for again in (loaded, cloned):
        assert max(np.abs(weight).max() for weight in step(again)) == pytest.approx(0.03)


def test_a_layer_that_cannot_hold_a_constraint_is_refused_and_nothing_changed():
    image = keras.Input((4, 4, 8))
    x = keras.layers.Conv2D(8, 1, name="first")(image)
    network = keras.Model(image, layers.SelfAttention2D()(x))
    with pytest.raises(ValueError, match=r"Received: SelfAttention2D .* without 'gamma_constraint'"):
        clip_weights(network)
    assert network.get_layer("first").kernel_constraint is None
    assert network.get_layer("first").kernel.constraint is None


def test_an_unbuilt_network():
    with pytest.raises(ValueError, match="`network` must be built"):
        clip_weights(keras.Sequential([keras.layers.Dense(1)]))
