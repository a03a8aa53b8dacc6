import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl.models.pretext.rotation import rotations
from tests import toys


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = kg.models.Rotation(toys.encoder("encoder"))
    model.compile("sgd", run_eagerly=True)
    return model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (5, toys.SIZE, toys.SIZE, 3), dtype=np.uint8)


def test_copies_are_those_of_the_pure_function_to_the_bit(images):
    copies = keras.ops.convert_to_numpy(rotations(keras.ops.convert_to_tensor(images))).reshape(4, *images.shape)
    seeds = {int(kg.pretext.rotated({"image": images[0]}, seed)["rotation"]): seed for seed in range(20)}
    assert set(seeds) == {0, 1, 2, 3}
    for turns, seed in seeds.items():
        for image, copy in zip(images, copies[turns], strict=True):
            np.testing.assert_array_equal(kg.pretext.rotated({"image": image}, seed)["image"], copy)


def test_loss_and_accuracy_equal_a_naive_loop(model, images):
    kernel, bias = model.classifier.get_weights()
    losses, found = [], []
    for image in images:
        for turns in range(4):
            scaled = np.rot90(image, turns)[None] / np.float32(127.5) - 1
            logits = (np.asarray(model.encoder(scaled, training=False)) @ kernel + bias)[0].astype("float64")
            losses.append(np.log(np.exp(logits).sum()) - logits[turns])
            found.append(logits.argmax() == turns)
    logs = model.evaluate({"image": images}, batch_size=5, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert logs["accuracy"] == pytest.approx(np.mean(found))


def test_images_that_came_turned_are_taken_as_they_are(model, images):
    pairs = [kg.pretext.rotated({"image": image}, seed) for seed, image in enumerate(images)]
    batch = {name: np.stack([pair[name] for pair in pairs]) for name in ("image", "rotation")}
    turned, turns = model.split_inputs(model.batch(batch))
    np.testing.assert_array_equal(turned, batch["image"] / np.float32(127.5) - 1)
    log_probabilities = np.asarray(keras.ops.log_softmax(model(turned)))
    expected = -log_probabilities[np.arange(5), batch["rotation"]]
    np.testing.assert_allclose(model.example_losses(turned, turns, model(turned)), expected, rtol=1e-6)


def test_labels_beside_images_are_not_turns(model, images):
    labels = np.full(5, 7)
    for data in ((images, labels), {"image": images, "label": labels}):
        turned, turns = model.split_inputs(model.batch(data))
        np.testing.assert_array_equal(turns, np.repeat(np.arange(4), 5))
        np.testing.assert_array_equal(turned, rotations(keras.ops.convert_to_tensor(images / np.float32(127.5) - 1)))


@pytest.mark.parametrize(
    ("rotation", "message"),
    [
        (
            np.eye(5, 4, dtype=np.int32),
            r"`rotation` must have shape \(batch,\) for this .*\. Received: .*\(5, 4\)",
        ),
        (np.zeros(5, np.float32), r"`rotation` must hold integers of shape \(batch,\)\. Received: float32"),
        (np.array([0, 1, 2, 3, 4]), r"`rotation` must lie in \[0, 4\)"),
    ],
)
def test_turns_are_checked(model, images, rotation, message):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        model.split_inputs(model.batch({"image": images, "rotation": rotation}))


def test_all_four_copies_are_of_one_view_and_only_in_training(images):
    seen = []

    class Record(keras.layers.Layer):
        def call(self, image):
            seen.append(np.asarray(image))
            return keras.ops.flip(image, axis=2) / 2

    record = Record()
    record.build(None)
    model = kg.models.Rotation(toys.encoder("encoder"), views=record)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    halved = kg.models.Rotation(model.encoder)
    halved.classifier.set_weights(model.classifier.get_weights())
    halved.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    scaled = images / np.float32(127.5) - 1
    model.encoder.trainable = False  # so that its statistics stay
    assert model.train_on_batch(images, return_dict=True)["loss"] == pytest.approx(
        halved.train_on_batch(scaled[:, :, ::-1] / 2, return_dict=True)["loss"], rel=1e-6
    )
    np.testing.assert_array_equal(np.concatenate(seen), scaled)
    model.evaluate(images, verbose=0)
    pairs = [kg.pretext.rotated({"image": image}, seed) for seed, image in enumerate(images)]
    model.train_on_batch({name: np.stack([pair[name] for pair in pairs]) for name in ("image", "rotation")})
    assert len(seen) == 1


def test_views_crop_images_of_any_size():
    model = kg.models.Rotation(toys.encoder("encoder"), views=kg.views.RandomResizedCrop(toys.SIZE))
    model.compile("sgd")
    large = np.random.default_rng(0).integers(0, 256, (4, 12, 20, 3), dtype=np.uint8)
    assert np.isfinite(model.train_on_batch(large, return_dict=True)["loss"])
    again = kg.models.Rotation.from_config(model.get_config())
    assert again.views.get_config() == model.views.get_config()
    with pytest.raises(TypeError, match=r"`views` must be a layer or None\. Received: views=3"):
        kg.models.Rotation(toys.encoder("encoder"), views=3)


def test_an_untrained_classifier_is_at_chance(images):
    model = kg.models.Rotation(toys.encoder("encoder"))
    model.classifier.set_weights([np.zeros((4, 4)), np.zeros(4)])
    model.compile("sgd", run_eagerly=True)
    assert model.evaluate(images, verbose=0)[0] == pytest.approx(np.log(4), rel=1e-6)


def test_predict_gives_the_features_that_are_served(model, images):
    features = model.predict(images, verbose=0)
    np.testing.assert_allclose(features, model.encoder(images / np.float32(127.5) - 1, training=False), rtol=1e-5)
    np.testing.assert_allclose(features, model.serving()["encode"].function(images), rtol=1e-5)


def test_what_cannot_be_turned_is_refused(model):
    wide = keras.Sequential([keras.Input((8, 6, 3)), keras.layers.GlobalAveragePooling2D()])
    with pytest.raises(ValueError, match=r"`encoder` must take square images.*input shape \(None, 8, 6, 3\)"):
        kg.models.Rotation(wide)
    free = keras.Sequential([keras.Input((None, None, 3)), keras.layers.GlobalAveragePooling2D()])
    with pytest.raises(ValueError, match=r"`image` must be square to be turned. Received: .*\(2, 8, 6, 3\)"):
        kg.models.Rotation(free).split_inputs({"image": keras.ops.zeros((2, 8, 6, 3))})
