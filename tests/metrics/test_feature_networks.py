import hashlib
import json
import pathlib
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
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
    """What a kernel distance is for: the halves of one class are ten times as near as two classes."""
    images, labels = labelled
    values = {label: features(images[labels == label]) for label in (0, 1)}  # T-shirts and trousers

    within = max(metrics.polynomial_mmd(half[::2], half[1::2]) for half in values.values())
    assert metrics.polynomial_mmd(values[0], values[1]) > 10 * abs(within)


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
        (np.zeros((28, 28, 1), np.uint8), "`images` must be \\(num, height"),
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


@pytest.mark.parametrize("size", [(28, 28), (32, 48), (400, 333), (299, 299), (1, 1)])
def test_the_resize_is_tensorflow_1s_to_the_bit(size):
    images = np.random.default_rng(0).integers(256, size=(2, *size, 3), dtype=np.uint8)
    expected = tf.compat.v1.image.resize_bilinear(images, (299, 299), align_corners=False, half_pixel_centers=False)
    np.testing.assert_array_equal(metrics.resize_bilinear_v1(images, 299, 299), expected)


def test_the_resize_by_hand():
    """Rows 0, 8 to three: at 0, 2/3 and 4/3, which has no next row; columns 0, 1, 2, 3 to two: at 0 and 2."""
    images = (np.array([[0.0], [8.0]]) + np.arange(4)).reshape(1, 2, 4, 1)
    expected = [[0, 2], [16 / 3, 16 / 3 + 2], [8, 10]]
    np.testing.assert_allclose(metrics.resize_bilinear_v1(images, 3, 2)[0, ..., 0], expected, rtol=1e-6)
    with pytest.raises(ValueError, match="height=0"):
        metrics.resize_bilinear_v1(images, 0, 2)
    with pytest.raises(ValueError, match="`images` must be"):
        metrics.resize_bilinear_v1(images[0], 3, 2)


def write_graph(path, channels=2048):
    """Named as Inception's; the features are multiples of the means of the three channels."""
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(3, channels)).astype(np.float32)
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (1, 299, 299, 3))
        scaled = tf.multiply(images - 128.0, 1 / 128, name="Mul")
        means = tf.reduce_mean(scaled, (1, 2), keepdims=True)
        tf.nn.conv2d(means, kernel[None, None], 1, "VALID", name="pool_3")
        path.write_bytes(graph.as_graph_def().SerializeToString())
    return kernel


def test_features_of_images_of_any_size(tmp_path):
    kernel = write_graph(tmp_path / "classify_image_graph_def.pb")
    features = metrics.inception_features(tmp_path / "classify_image_graph_def.pb")
    images = np.random.default_rng(1).integers(256, size=(52, 16, 20, 3), dtype=np.uint8)
    resized = tf.compat.v1.image.resize_bilinear(images, (299, 299)).numpy()
    expected = ((resized - 128) / 128).mean((1, 2), dtype=float) @ kernel
    np.testing.assert_allclose(features(images), expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(features(images.astype(np.float32) / 127.5 - 1), features(images))
    grey = features(images[:2, ..., :1])
    np.testing.assert_array_equal(grey, features(images[:2, ..., [0, 0, 0]]))
    assert metrics.KID(features, images, subset_size=2).name == "inception_kid"


def test_other_graphs_and_images_are_refused(tmp_path):
    write_graph(tmp_path / "small.pb", channels=64)
    features = metrics.inception_features(tmp_path / "small.pb")
    with pytest.raises(ValueError, match=r"2048 features an image. Received: shape"):
        features(np.zeros((2, 8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="one channel or three"):
        features(np.zeros((2, 8, 8, 2), np.uint8))
    with pytest.raises(ValueError, match="`batch_size`"):
        metrics.InceptionFeatures(features.graph, batch_size=0)
