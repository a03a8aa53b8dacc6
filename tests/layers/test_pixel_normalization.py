import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import PixelNormalization

IMAGES = np.random.default_rng(0).normal(size=(3, 4, 2, 5)).astype("float32")


def test_equals_naive_loop():
    expected = np.zeros_like(IMAGES)
    for position in np.ndindex(*IMAGES.shape[:-1]):
        expected[position] = IMAGES[position] / np.sqrt(np.square(IMAGES[position]).mean() + 0.1)
    np.testing.assert_allclose(PixelNormalization(0.1)(IMAGES), expected, rtol=1e-5)
    np.testing.assert_allclose(PixelNormalization(0.1)(IMAGES[0, 0]), expected[0, 0], rtol=1e-5)


def test_scale_does_not_matter_and_each_position_has_mean_square_1():
    outputs = PixelNormalization()(IMAGES).numpy()
    np.testing.assert_allclose(np.square(outputs).mean(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(PixelNormalization()(1000 * IMAGES), outputs, rtol=1e-5)


def test_half_precision_squares_in_full():
    """300² is more than float16 can hold."""
    outputs = PixelNormalization(dtype="mixed_float16")(300 * np.ones((2, 4), "float32"))
    assert outputs.dtype == "float16"
    np.testing.assert_array_equal(outputs, np.ones((2, 4)))


def test_zeros_stay_zeros_and_their_gradient_is_finite():
    zeros = tf.zeros((1, 3))
    with tf.GradientTape() as tape:
        tape.watch(zeros)
        outputs = PixelNormalization(1e-8)(zeros)
    np.testing.assert_array_equal(outputs, zeros)
    np.testing.assert_allclose(tape.gradient(outputs, zeros), np.full((1, 3), 1e4), rtol=1e-5)  # 1 / √ε


def test_config_and_arguments():
    layer = PixelNormalization(0.5)
    assert PixelNormalization.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(ValueError, match=r"`epsilon` must be positive and finite\. Received: epsilon=0"):
        PixelNormalization(0)
