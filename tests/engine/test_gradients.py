import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import input_gradient
from keras_genssl.engine.gradients import input_gradient_and_more


def test_gradient_of_a_cubic_and_its_own_gradient() -> None:
    x = tf.constant([[1.0, -2.0], [0.5, 3.0]])
    scale = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        slope = input_gradient(lambda v: scale * tf.reduce_sum(v**3, axis=1), x)
        penalty = tf.reduce_sum(slope)
    np.testing.assert_allclose(slope, 6.0 * x.numpy() ** 2)  # 3 * scale * x^2
    np.testing.assert_allclose(tape.gradient(penalty, scale), 3.0 * np.sum(x.numpy() ** 2))


def test_rows_are_apart() -> None:
    x = keras.random.normal((3, 5), seed=2)
    together = input_gradient(lambda v: keras.ops.sum(keras.ops.tanh(v), axis=1), x)
    for row in range(3):
        alone = input_gradient(lambda v: keras.ops.sum(keras.ops.tanh(v), axis=1), x[row : row + 1])
        np.testing.assert_allclose(together[row : row + 1], alone, rtol=1e-6)


def test_the_second_output_is_returned_and_adds_nothing_to_the_gradient() -> None:
    gradient, more = input_gradient_and_more(lambda v: (v**2, 100.0 * v), tf.constant([[3.0], [-1.0]]))
    assert gradient.numpy().tolist() == [[6.0], [-2.0]]
    assert more.numpy().tolist() == [[300.0], [-100.0]]


def test_an_output_that_ignores_the_input() -> None:
    with pytest.raises(ValueError, match="`function` must depend on `inputs`"):
        input_gradient(lambda v: tf.constant(1.0), tf.ones((2, 2)))
