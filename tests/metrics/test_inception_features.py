"""The way into the published FID: TensorFlow 1's resize to the bit, and the graph's own tensors."""

import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import metrics


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
    assert metrics.FID(features, images).name == "inception_fid"


def test_other_graphs_and_images_are_refused(tmp_path):
    write_graph(tmp_path / "small.pb", channels=64)
    features = metrics.inception_features(tmp_path / "small.pb")
    with pytest.raises(ValueError, match=r"2048 features an image. Received: shape"):
        features(np.zeros((2, 8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="one channel or three"):
        features(np.zeros((2, 8, 8, 2), np.uint8))
    with pytest.raises(ValueError, match="`batch_size`"):
        metrics.InceptionFeatures(features.graph, batch_size=0)
