"""Against g V / ‖V‖ by NumPy: values, gradients, and what the layer begins as."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import WeightNormalization

IMAGES = np.random.default_rng(0).normal(size=(3, 6, 5, 4)).astype("float32")
CASES = {
    "Dense": (lambda: keras.layers.Dense(5), IMAGES[:, 0, 0]),
    "Conv1D": (lambda: keras.layers.Conv1D(5, 3), IMAGES[:, 0]),
    "Conv2D": (lambda: keras.layers.Conv2D(5, 3, strides=2), IMAGES),
    "Conv2D, groups": (lambda: keras.layers.Conv2D(6, 3, groups=2), IMAGES),
}


def lengths(kernel: np.ndarray) -> np.ndarray:
    return np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0)


@pytest.mark.parametrize("name", CASES)
def test_it_begins_as_the_layer_and_then_has_the_lengths_of_its_gain(name: str) -> None:
    make, inputs = CASES[name]
    layer = WeightNormalization(make())
    outputs = layer(inputs)
    np.testing.assert_allclose(layer.gain, lengths(layer.layer.kernel.numpy()), rtol=1e-5)
    np.testing.assert_allclose(outputs, layer.layer(inputs), rtol=1e-4, atol=1e-5)
    gain = np.linspace(0.5, 2.0, layer.gain.shape[0]).astype("float32")
    layer.gain.assign(gain)
    kernel = layer.layer.kernel.numpy()
    plain = make()
    plain.build(inputs.shape)
    plain.set_weights([gain * kernel / lengths(kernel), layer.layer.bias.numpy()])
    np.testing.assert_allclose(layer(inputs), plain(inputs), rtol=1e-4, atol=1e-5)
    layer.layer.kernel.assign(7.0 * kernel)  # its length has no effect
    np.testing.assert_allclose(layer(inputs), plain(inputs), rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_the_paper() -> None:
    """Eq. 3: of g, the gradient of the kernel along its direction; of V, the rest of it, times g / ‖V‖."""
    layer = WeightNormalization(keras.layers.Dense(3, use_bias=False))
    inputs = IMAGES[:, 0, 0]
    layer.build(inputs.shape)
    layer.gain.assign([0.5, 1.0, 2.0])
    target = np.random.default_rng(1).normal(size=(3, 3)).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(inputs) * target)
    of_gain, of_v = (np.array(g) for g in tape.gradient(loss, [layer.gain.value, layer.layer.kernel.value]))
    v, g = layer.layer.kernel.numpy(), layer.gain.numpy()
    of_kernel, length = inputs.T @ target, lengths(layer.layer.kernel.numpy())
    expected = np.sum(of_kernel * v, axis=0) / length
    np.testing.assert_allclose(of_gain, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(of_v, g / length * of_kernel - g * expected / length**2 * v, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.sum(of_v * v, axis=0), 0.0, atol=1e-4)


def test_a_kernel_of_zeros_stays_and_has_a_gradient() -> None:
    layer = WeightNormalization(keras.layers.Dense(2, kernel_initializer="zeros"))
    with tf.GradientTape() as tape:
        outputs = layer(np.ones((1, 3), "float32"))
    np.testing.assert_array_equal(outputs, np.zeros((1, 2)))
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(outputs, layer.trainable_variables))


def test_norms_are_in_full_precision_under_any_policy() -> None:
    layer = WeightNormalization(keras.layers.Dense(4, dtype="mixed_float16"), dtype="mixed_float16")
    layer.build((None, 3))
    layer.layer.kernel.assign(np.full((3, 4), 300.0))  # its square is beyond half precision
    outputs = layer(np.ones((1, 3), "float32"))
    assert outputs.dtype == "float16"
    np.testing.assert_allclose(outputs, np.full((1, 4), layer.gain / np.sqrt(3) * 3), rtol=1e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WeightNormalization(keras.layers.ReLU()), "`layer` must be a Dense or Conv layer. Received"),
        (lambda: WeightNormalization(keras.layers.Conv2DTranspose(1, 3)), "`layer` must be a Dense or Conv layer"),
        (lambda: WeightNormalization(keras.layers.Dense(1, activity_regularizer="l2")), "no activity regulariser"),
    ],
)
def test_layers_that_it_does_not_know_are_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
