import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.backbones import perceptual_extractor, small_extractor
from keras_genssl.losses import PerceptualLoss

LAYERS = ("block1_conv1", "block2_conv2")


@pytest.fixture
def extractor():
    keras.utils.set_random_seed(0)
    return perceptual_extractor(small_extractor((3, 4)), LAYERS)


def _images(seed):
    return np.random.default_rng(seed).uniform(-1, 1, (2, 8, 6, 3)).astype("float32")


@pytest.mark.parametrize("pixel", ["l1", "l2", None])
@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_equals_naive_loop(extractor, pixel, distance):
    true, predicted = _images(1), _images(2)
    loss = PerceptualLoss(extractor, [0.5, 2.0], pixel=pixel, pixel_weight=3.0, distance=distance)
    measure = {"l1": lambda d: np.abs(d).mean(), "l2": lambda d: (d**2).mean(), None: lambda d: 0.0}
    expected = []
    for a, b in zip(true, predicted, strict=True):
        value = 3.0 * measure[pixel](a - b)
        features = zip(extractor(a[None]), extractor(b[None]), (0.5, 2.0), strict=True)
        expected.append(value + sum(w * measure[distance](np.subtract(f, g)) for f, g, w in features))
    np.testing.assert_allclose(loss.call(true, predicted), expected, rtol=1e-5)
    np.testing.assert_allclose(loss(true, predicted), np.mean(expected), rtol=1e-5)


def test_grey_images_are_those_of_three_equal_channels(extractor):
    true, predicted = _images(1)[..., :1], _images(2)[..., :1]
    loss = PerceptualLoss(extractor, [0.5, 2.0], pixel="l2", pixel_weight=3.0)
    coloured = [np.repeat(images, 3, axis=-1) for images in (true, predicted)]
    np.testing.assert_allclose(loss.call(true, predicted), loss.call(*coloured), rtol=1e-5)


def test_only_the_prediction_gets_a_gradient(extractor):
    true, predicted = tf.constant(_images(1)), tf.constant(_images(2))
    loss = PerceptualLoss(extractor, {"block2_conv2": 1.0, "block1_conv1": 2.0}, pixel=None)
    with tf.GradientTape() as tape:
        tape.watch([true, predicted])
        value = loss(true, predicted)
    to_true, to_predicted = tape.gradient(value, [true, predicted])
    assert to_true is None
    assert np.abs(to_predicted).max() > 0
    assert extractor.trainable_variables == []
    assert loss.layer_weights == {"block1_conv1": 2.0, "block2_conv2": 1.0}


def test_restored_with_its_weights(extractor):
    loss = PerceptualLoss(extractor, [0.5, 2.0], pixel="l2", pixel_weight=0.3, distance="l1", reduction="sum")
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    restored = keras.saving.deserialize_keras_object(config)
    np.testing.assert_array_equal(restored(_images(1), _images(2)), loss(_images(1), _images(2)))
    assert restored.extractor.trainable_variables == []


def test_trains_and_reloads_inside_a_model(extractor, tmp_path):
    images = keras.Input((8, 6, 3))
    model = keras.Model(images, keras.layers.Conv2D(3, 1)(images))
    model.compile(optimizer="sgd", loss=PerceptualLoss(extractor, [0.5, 2.0]), jit_compile=False)
    assert len(model.weights) == 2
    model.fit(_images(1), _images(2), verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.evaluate(_images(1), _images(2), verbose=0)
    assert restored.evaluate(_images(1), _images(2), verbose=0) == pytest.approx(expected, rel=1e-6)


def test_compiles_with_xla(extractor):
    loss = PerceptualLoss(extractor, [0.5, 2.0])
    compiled = tf.function(loss.call, jit_compile=True)(_images(1), _images(2))
    np.testing.assert_allclose(compiled, loss.call(_images(1), _images(2)), rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer_weights": [1.0]}, "`layer_weights` must hold one weight for each layer"),
        ({"layer_weights": {"block1_conv1": 1.0}}, "`layer_weights` must hold one weight for each layer"),
        ({"layer_weights": [1.0, -1.0]}, "`layer_weights` must be at least 0"),
        ({"pixel": "l3"}, "`pixel` must be 'l1', 'l2' or None. Received: pixel='l3'"),
        ({"distance": None}, "`distance` must be 'l1' or 'l2'"),
        ({"pixel_weight": -1.0}, "`pixel_weight` must be at least 0"),
        ({"extractor": small_extractor((1,))}, "`extractor` must come from"),
    ],
)
def test_errors_name_the_argument(extractor, arguments, message):
    with pytest.raises(ValueError, match=message):
        PerceptualLoss(**{"extractor": extractor, "layer_weights": [1.0, 1.0], **arguments})
