"""Against NumPy's singular values, and the derivative of W / (vᵀ W u) with v and u held."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import SpectralNormalization

IMAGES = np.random.default_rng(0).normal(size=(3, 6, 5, 4)).astype("float32")

# a layer, an input, and the kernel as the matrix (inputs, outputs)
CASES = {
    "Dense": (lambda: keras.layers.Dense(5), IMAGES[:, 0, 0], lambda kernel: kernel),
    "Conv1D": (lambda: keras.layers.Conv1D(5, 3), IMAGES[:, 0], lambda kernel: kernel.reshape(-1, 5)),
    "Conv2D": (lambda: keras.layers.Conv2D(5, 3, strides=2), IMAGES, lambda kernel: kernel.reshape(-1, 5)),
    "Conv2D, groups": (lambda: keras.layers.Conv2D(6, 3, groups=2), IMAGES, lambda kernel: kernel.reshape(-1, 6)),
    "Conv2DTranspose": (
        lambda: keras.layers.Conv2DTranspose(5, 3, strides=2),
        IMAGES,
        lambda kernel: kernel.transpose(0, 1, 3, 2).reshape(-1, 5),
    ),
    "Embedding": (lambda: keras.layers.Embedding(7, 5), np.array([[0, 6], [2, 2]]), lambda kernel: kernel),
}


def build(name, seed=0):
    make, inputs, as_matrix = CASES[name]
    keras.utils.set_random_seed(seed)
    layer = SpectralNormalization(make())
    layer.build(inputs.shape)
    return layer, inputs, lambda: as_matrix(layer._kernel.numpy())


def train(layer, inputs, calls=300):
    """Calls in training, of which the last one's output is returned."""
    call = tf.function(lambda: layer(inputs, training=True))
    return [call() for _ in range(calls)][-1]


@pytest.mark.parametrize("name", CASES)
def test_ends_at_the_largest_singular_value_and_computes_with_the_normalised_kernel(name):
    layer, inputs, matrix = build(name)
    train(layer, inputs)
    largest = np.linalg.svd(matrix(), compute_uv=False)[0]
    assert float(layer.spectral_norm()[0]) == pytest.approx(largest, rel=1e-4)
    plain = CASES[name][0]()
    plain.build(inputs.shape)
    plain.set_weights([layer._kernel.numpy() / largest, *layer.layer.get_weights()[1:]])
    for training in (True, False):
        np.testing.assert_allclose(layer(inputs, training=training), plain(inputs), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_a_training_call_makes_one_iteration_and_inference_none(name):
    layer, inputs, matrix = build(name)
    w, u = matrix().astype("float64"), layer.u.numpy().astype("float64")
    kernel = layer._kernel.numpy()
    layer(inputs, training=False)
    np.testing.assert_array_equal(layer.u.numpy(), u.astype("float32"))
    layer(inputs, training=True)
    v = w @ u / np.linalg.norm(w @ u)  # Algorithm 1
    u = w.T @ v / np.linalg.norm(w.T @ v)
    np.testing.assert_allclose(layer.u.numpy(), u, rtol=1e-4, atol=1e-6)
    assert float(layer.spectral_norm()[0]) == pytest.approx(np.linalg.norm(w @ u), rel=1e-5)
    np.testing.assert_array_equal(layer._kernel.numpy(), kernel)


def test_the_gradient_flows_through_sigma_with_its_vectors_held():
    layer, inputs, _ = build("Dense")
    kernel = layer.layer.kernel
    with tf.GradientTape() as tape:
        outputs = layer(inputs, training=True)
        total = tf.reduce_sum(outputs**3)
    gradient = tape.gradient(total, kernel.value).numpy()
    w, u = kernel.numpy().astype("float64"), layer.u.numpy().astype("float64")
    v = w @ u / np.linalg.norm(w @ u)

    def value(weights):
        return np.sum((inputs @ (weights / (v @ weights @ u))) ** 3)

    differences = np.zeros_like(w)
    for index in np.ndindex(*w.shape):
        step = np.zeros_like(w)
        step[index] = 1e-6
        differences[index] = (value(w + step) - value(w - step)) / 2e-6
    np.testing.assert_allclose(gradient, differences, rtol=1e-3, atol=1e-4)
    # W / σ(W) does not change with the scale of W: its gradient is orthogonal to W (Eq. 12).
    assert np.sum(gradient * w) == pytest.approx(0, abs=1e-3 * np.linalg.norm(gradient) * np.linalg.norm(w))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_estimates_sigma_in_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        layer, inputs, matrix = build("Conv2D")
        network = keras.Sequential([keras.Input((6, 5, 4)), layer])
    finally:
        keras.config.set_dtype_policy("float32")
    outputs = train(network, inputs)
    assert outputs.dtype == layer.layer.compute_dtype != "float32"
    assert layer.u.dtype == layer.layer.kernel.dtype == "float32"
    largest = np.linalg.svd(matrix(), compute_uv=False)[0]
    assert float(layer.spectral_norm()[0]) == pytest.approx(largest, rel=1e-4)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(network(inputs, training=True))
    assert np.isfinite(tape.gradient(total, layer.layer.kernel.value)).all()


def test_a_kernel_of_zeros_stays_and_can_grow():
    layer = SpectralNormalization(keras.layers.Dense(2, kernel_initializer="zeros"))
    layer.build((None, 4))
    u = layer.u.numpy()
    with tf.GradientTape() as tape:
        outputs = layer(np.ones((1, 4), "float32"), training=True)
        total = tf.reduce_sum(outputs)
    np.testing.assert_array_equal(outputs, [[0.0, 0.0]])
    np.testing.assert_array_equal(tape.gradient(total, layer.layer.kernel.value), np.ones((4, 2)))
    np.testing.assert_allclose(layer.u.numpy(), u / np.linalg.norm(u), rtol=1e-5)


def test_a_regulariser_of_the_kernel_sees_the_kernel_as_it_is():
    layer = SpectralNormalization(keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(1.0)))
    layer(np.ones((1, 3), "float32"), training=True)
    assert float(sum(layer.losses)) == pytest.approx(float((layer.layer.kernel.numpy() ** 2).sum()), rel=1e-5)


def test_saved_and_loaded_in_graph_and_xla(tmp_path):
    layer, inputs, _ = build("Conv2D")
    network = keras.Sequential([keras.Input(inputs.shape[1:]), layer])
    network(inputs, training=True)
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(again(inputs), network(inputs))
    compiled = tf.function(lambda x: again(x, training=True), jit_compile=True)
    for _ in range(3):
        np.testing.assert_allclose(compiled(inputs), network(inputs, training=True), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(again.layers[0].u.numpy(), layer.u.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SpectralNormalization(keras.layers.ReLU()), "`layer` must be a Dense, Conv, ConvTranspose or Embedd"),
        (lambda: SpectralNormalization(keras.layers.DepthwiseConv2D(3)), "`layer` must be a Dense"),
        (lambda: SpectralNormalization(keras.layers.Dense(1, activity_regularizer="l2")), "no activity regulariser"),
        (lambda: SpectralNormalization(keras.layers.Dense(1), 0), "must be a positive int. Received: power_iter"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
