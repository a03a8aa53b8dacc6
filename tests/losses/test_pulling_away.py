"""The pulling-away term against a naive loop, and its values for codes that are known to be alike or not."""

import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.losses import pulling_away_term

CODES = np.random.default_rng(0).normal(size=(7, 5)).astype("float32")


def test_equals_the_papers_double_sum() -> None:
    num = len(CODES)
    total = 0.0
    for i in range(num):
        for j in range(num):
            if i != j:
                cosine = CODES[i] @ CODES[j] / (np.linalg.norm(CODES[i]) * np.linalg.norm(CODES[j]))
                total += cosine**2
    values = pulling_away_term(CODES)
    assert values.shape == (num,)
    assert float(np.mean(values)) == pytest.approx(total / (num * (num - 1)), rel=1e-5)


def test_equal_codes_give_1_and_orthogonal_ones_0() -> None:
    np.testing.assert_allclose(pulling_away_term(np.repeat(CODES[:1], 6, axis=0)), 1.0, rtol=1e-5)
    opposite = CODES[:1] * np.array([[1.0], [-2.0], [3.0]], "float32")  # the sign does not count: cos² and not cos
    np.testing.assert_allclose(pulling_away_term(opposite), 1.0, rtol=1e-5)
    np.testing.assert_allclose(pulling_away_term(np.diag([1.0, 2.0, 3.0]).astype("float32")), 0.0, atol=1e-7)


def test_more_codes_than_dimensions_have_the_least_value_that_is_told() -> None:
    """N vectors that are a tight frame: two orthonormal bases of the plane, 45 degrees apart."""
    root = np.sqrt(0.5)
    codes = np.array([[1, 0], [0, 1], [root, root], [-root, root]], "float32")
    np.testing.assert_allclose(pulling_away_term(codes), (4 / 2 - 1) / (4 - 1), rtol=1e-5)


def test_lengths_do_not_matter_nor_does_the_shape_of_a_code() -> None:
    scaled = CODES * np.geomspace(1e-3, 1e3, len(CODES), dtype="float32")[:, None]
    np.testing.assert_allclose(pulling_away_term(scaled), pulling_away_term(CODES), rtol=1e-4)
    maps = np.random.default_rng(1).normal(size=(4, 3, 2, 2)).astype("float32")
    np.testing.assert_allclose(pulling_away_term(maps), pulling_away_term(maps.reshape(4, 12)), rtol=1e-6)


def test_gradients_are_orthogonal_to_codes_and_finite_where_there_is_no_direction() -> None:
    codes = tf.constant(np.concatenate([CODES, np.zeros((1, 5), "float32")]))
    with tf.GradientTape() as tape:
        tape.watch(codes)
        value = tf.reduce_mean(pulling_away_term(codes))
    gradient = tape.gradient(value, codes).numpy()
    np.testing.assert_allclose(np.sum(gradient * codes, axis=1), 0.0, atol=1e-6)  # of a function of directions
    np.testing.assert_array_equal(gradient[-1], 0.0)
    assert np.abs(gradient[:-1]).max() > 1e-3
    np.testing.assert_array_equal(pulling_away_term(CODES[:1]), [0.0])
    half = pulling_away_term(tf.cast(300 * CODES, "float16"))  # whose squares leave float16
    np.testing.assert_allclose(half, pulling_away_term(CODES), rtol=5e-3)
