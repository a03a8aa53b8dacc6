import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import MinibatchStdDev

IMAGES = np.random.default_rng(0).normal(size=(12, 3, 2, 6)).astype("float32")


def naive(images, group_size, num_features):
    """The feature channels alone, image by image."""
    features = np.zeros((*images.shape[:-1], num_features))
    for start in range(0, len(images), group_size):
        group = images[start : start + group_size].astype("float64")
        deviation = np.sqrt(group.var(axis=0) + 1e-8)
        for number, channels in enumerate(np.split(deviation, num_features, axis=-1)):
            features[start : start + group_size, ..., number] = channels.mean()
    return features


@pytest.mark.parametrize("size", [12, 10, 3, 1])
@pytest.mark.parametrize("num_features", [1, 3])
def test_equals_naive_loop(size, num_features):
    outputs = MinibatchStdDev(4, num_features)(IMAGES[:size]).numpy()
    np.testing.assert_array_equal(outputs[..., :6], IMAGES[:size])
    np.testing.assert_allclose(outputs[..., 6:], naive(IMAGES[:size], 4, num_features), rtol=1e-4)


def test_replicas_with_whole_groups_see_what_one_device_does():
    layer = MinibatchStdDev(3)
    whole = layer(IMAGES)
    np.testing.assert_allclose(tf.concat([layer(IMAGES[:6]), layer(IMAGES[6:])], 0), whole, rtol=1e-5)


def test_points_unknown_batches_xla_and_half_precision():
    points = IMAGES.reshape(-1, 6)
    network = keras.Sequential([keras.Input((6,)), MinibatchStdDev(4, 2)])
    expected = naive(points, 4, 2)
    assert network.output_shape == (None, 8)
    np.testing.assert_allclose(network.predict(points, verbose=0, batch_size=72)[:, 6:], expected, rtol=1e-4)
    np.testing.assert_allclose(tf.function(network, jit_compile=True)(points)[:, 6:], expected, rtol=1e-4)
    half = MinibatchStdDev(4, 2, dtype="mixed_float16")(points)
    assert half.dtype == "float16"
    np.testing.assert_allclose(half[:, 6:], expected, rtol=2e-3)


def test_the_gradient_where_all_images_are_one_is_finite():
    images = tf.ones((4, 2, 2, 3))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(MinibatchStdDev(4)(images)[..., 3:])
    np.testing.assert_array_equal(tape.gradient(total, images), np.zeros((4, 2, 2, 3)))


def test_config_and_arguments():
    layer = MinibatchStdDev(3, 2)
    assert MinibatchStdDev.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(ValueError, match=r"`group_size` must be an int of at least 2\. Received: group_size=1"):
        MinibatchStdDev(1)
    with pytest.raises(ValueError, match="`num_features` must be a positive int"):
        MinibatchStdDev(4, 0)
    with pytest.raises(ValueError, match="`num_features` must divide the channels"):
        MinibatchStdDev(4, 4)(IMAGES)
