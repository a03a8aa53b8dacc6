import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import LeakyReLU

X = np.array([[-2.0, -0.5, 0.5, 3.0]], "float32")


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_values_and_gradients_are_those_of_keras(slope: float) -> None:
    for layer in (LeakyReLU(slope), keras.layers.LeakyReLU(slope)):
        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        np.testing.assert_array_equal(y, np.where(X > 0, X, np.float32(slope) * X))
        np.testing.assert_array_equal(tape.gradient(y, x), np.where(X > 0, 1, np.float32(slope)))


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_the_gradient_of_a_gradient_reaches_weights_but_not_the_input(slope: float) -> None:
    """f(x) = Σ s(w x) with slopes s': d/dw Σ (df/dx)² = d/dw Σ (w s')² = 2 w s'² for each input."""
    w, x = tf.Variable([[1.0], [2.0]]), tf.constant([[-2.0, 0.5]])

    @tf.function
    def both() -> tuple[tf.Tensor, tf.Tensor | None]:
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = LeakyReLU(slope)(x * tf.transpose(w))
            penalty = tf.reduce_sum(tf.square(inner.gradient(y, x)))
        return outer.gradient(penalty, [w, x])

    of_weights, of_inputs = both()
    np.testing.assert_allclose(of_weights, [[2 * 1.0 * slope**2], [2 * 2.0 * 1.0]], rtol=1e-6)
    assert of_inputs is None


def test_a_penalty_sends_nothing_back_through_the_convolutions_of_values() -> None:
    """Three convolutions: the images' gradient takes three gradients by the input, and its own gradient three by the
    kernel. Keras' layer adds, below each of its three activations, one by the kernel and, but for the images, by the
    input."""
    counts = []
    for layer in (LeakyReLU, keras.layers.LeakyReLU):
        images = keras.Input((8, 8, 1))
        x = images
        for _ in range(3):
            x = layer(0.2)(keras.layers.Conv2D(2, 3, padding="same", use_bias=False)(x))
        critic = keras.Model(images, x)

        @tf.function
        def step(x: tf.Tensor, critic: keras.Model = critic) -> list[tf.Tensor]:
            with tf.GradientTape() as outer:
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    y = critic(x)
                penalty = tf.reduce_sum(tf.square(inner.gradient(y, x)))
            return outer.gradient(penalty, critic.trainable_variables)

        graph = step.get_concrete_function(tf.TensorSpec((1, 8, 8, 1))).graph
        outputs = [output.op.name for output in graph.outputs]
        kinds = [node.op for node in tf.compat.v1.graph_util.extract_sub_graph(graph.as_graph_def(), outputs).node]
        counts.append([kinds.count(kind) for kind in ("Conv2DBackpropFilter", "Conv2DBackpropInput")])
    assert counts == [[3, 3], [6, 5]]


def test_the_layer_is_saved_with_its_slope() -> None:
    layer = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(LeakyReLU(0.1)))
    assert type(layer) is LeakyReLU
    assert layer.negative_slope == 0.1


def test_a_negative_slope_is_refused() -> None:
    with pytest.raises(ValueError, match="negative_slope=-1"):
        LeakyReLU(-1)
