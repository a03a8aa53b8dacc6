"""The shipped network: what its card says is true of it here, without any download."""

import hashlib
import json
import pathlib
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_genssl import backbones, metrics

WEIGHTS = pathlib.Path(metrics.__file__).parent / "weights"
CARD = json.loads((WEIGHTS / "fashion_features.json").read_text())


@pytest.fixture(scope="module")
def features():
    return metrics.fashion_features()


@pytest.fixture(scope="module")
def labelled():
    """The first 500 test images of Fashion-MNIST, and their labels from the sheet's text."""
    with Image.open(pathlib.Path(__file__).parent / "fashion_mnist_test_500.png") as sheet:
        pixels, labels = np.array(sheet), sheet.text["labels"]
    images = pixels.reshape(20, 28, 25, 28).swapaxes(1, 2).reshape(500, 28, 28, 1)
    return images, np.array([int(label) for label in labels])


def test_it_classifies_real_images_as_its_card_says(features, labelled):
    """Rounding may turn a close call on another machine; the whole test set's share lies within 3 deviations."""
    images, labels = labelled
    correct = int(np.sum(features.classify(images) == labels))
    assert abs(correct - CARD["correct_of_first_500"]) <= 1
    accuracy = CARD["test_accuracy"]
    assert accuracy >= 0.91
    assert abs(correct / 500 - accuracy) < 3 * np.sqrt(accuracy * (1 - accuracy) / 500)
    assert metrics.label_accuracy(features, images, labels) == correct / 500


def test_the_card_is_of_these_weights(features):
    digest = hashlib.sha256((WEIGHTS / "fashion_features.npz").read_bytes()).hexdigest()
    assert digest == CARD["sha256"] == features.digest
    assert features.network.count_params() == CARD["parameters"]
    assert (WEIGHTS / "fashion_features.npz").stat().st_size < 2**20


def test_logits_are_linear_in_the_features(features, labelled):
    images = labelled[0][:20]
    kernel, bias = features.network.get_layer("logits").get_weights()
    np.testing.assert_allclose(features.logits(images), features(images) @ kernel + bias, rtol=1e-4, atol=1e-4)
    assert features(images).shape == (20, 128)
    assert features(images).min() >= 0
    np.testing.assert_array_equal(features.classify(images), features.logits(images).argmax(-1))


def test_one_image_in_every_form(features, labelled):
    images = labelled[0][:3]
    expected = features(images)
    np.testing.assert_array_equal(features(images.astype(np.float32) / 127.5 - 1), expected)
    np.testing.assert_array_equal(features(np.repeat(images, 3, axis=-1)), expected)
    np.testing.assert_array_equal(features(keras.ops.convert_to_tensor(images)), expected)
    assert features(images[:0]).shape == (0, 128)


def test_images_do_not_depend_on_their_batch(features, labelled):
    images = labelled[0][:30]
    one_by_one = metrics.FashionFeatures(features.network, batch_size=1)
    np.testing.assert_allclose(one_by_one(images), features(images), rtol=1e-4, atol=1e-5)


def test_classes_of_real_images_are_apart_and_two_samples_of_them_are_not(features, labelled):
    """What a Frechet distance is for: the halves of one class are ten times as near as two classes."""
    images, labels = labelled
    values = {label: features(images[labels == label]) for label in (0, 1)}  # T-shirts and trousers

    def distance(first, second):
        return metrics.FID(features, first)(second)

    within = max(distance(half[::2], half[1::2]) for half in values.values())
    assert distance(values[0], values[1]) > 10 * within


def test_saved_weights_come_back_rounded(tmp_path):
    network = backbones.fashion_classifier(seed=1)
    metrics.FashionFeatures(network).save(tmp_path / "mine.npz")
    loaded = metrics.fashion_features(tmp_path / "mine.npz")
    for mine, theirs in zip(network.get_weights(), loaded.network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine.astype(np.float16).astype(np.float32) if mine.ndim > 1 else mine, theirs)
    metrics.FashionFeatures(backbones.fashion_classifier(seed=1)).save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "mine.npz").read_bytes()
    assert metrics.fashion_features().digest != loaded.digest


def test_it_is_the_same_under_any_dtype_policy(features, labelled):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        again = metrics.fashion_features()
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(again(labelled[0][:5]), features(labelled[0][:5]))


@pytest.mark.parametrize(
    ("images", "rule"),
    [
        (np.zeros((1, 32, 32, 1), np.uint8), r"28x28 with one channel, or grey with three. Received: .*\(32, 32, 1\)"),
        (np.zeros((1, 28, 28, 2), np.uint8), "28x28 with one channel"),
        (np.arange(2352, dtype=np.uint8).reshape(1, 28, 28, 3), "coloured images"),
        (np.full((1, 28, 28, 1), 2.0), "must lie in"),
        (np.zeros((28, 28, 1), np.uint8), "Images must have shape"),
    ],
)
def test_other_images_are_refused(features, images, rule):
    with pytest.raises(ValueError, match=rule):
        features(images)


def test_other_files_and_networks_are_refused(features, tmp_path):
    with pytest.raises(FileNotFoundError):
        metrics.fashion_features(tmp_path / "missing.npz")
    np.savez(tmp_path / "other.npz", kernel=np.zeros(3))
    with pytest.raises(ValueError, match="`path` must hold the weights of"):
        metrics.fashion_features(tmp_path / "other.npz")
    with pytest.raises(ValueError, match="`batch_size`"):
        metrics.FashionFeatures(features.network, batch_size=0)
    with pytest.raises(ValueError, match="`network` must map"):
        metrics.FashionFeatures(backbones.small_extractor())
    shutil.copy(WEIGHTS / "fashion_features.npz", tmp_path / "copy.npz")
    assert metrics.fashion_features(tmp_path / "copy.npz").digest == features.digest
