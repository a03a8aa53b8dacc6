import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import SelfAttention2D, SpectralNormalization

IMAGES = np.random.default_rng(0).normal(size=(2, 4, 6, 16)).astype("float32")


def naive(images, query, key, value, output, gamma):
    """Position by position, in float64; the kernels as matrices."""
    result = images.astype("float64").copy()
    batch, height, width, _ = images.shape
    for b in range(batch):

        def pooled(kernel, b=b):
            maps = images[b] @ kernel
            return [
                maps[i : i + 2, j : j + 2].max(axis=(0, 1)) for i in range(0, height, 2) for j in range(0, width, 2)
            ]

        keys, values = pooled(key), pooled(value)
        for i in range(height):
            for j in range(width):
                weights = np.exp([images[b, i, j] @ query @ each for each in keys])
                attended = sum(w * v for w, v in zip(weights / weights.sum(), values, strict=True))
                result[b, i, j] += gamma * (attended @ output)
    return result


def build(**arguments):
    keras.utils.set_random_seed(1)
    layer = SelfAttention2D(**arguments)
    layer.build((None, None, None, 16))
    return layer


def test_equals_naive_loop():
    layer = build()
    kernels = [c.kernel.numpy()[0, 0] for c in (layer.query, layer.key, layer.value, layer.output_projection)]
    assert [kernel.shape for kernel in kernels] == [(16, 2), (16, 2), (16, 8), (8, 16)]
    layer.gamma.assign(0.7)
    expected = naive(IMAGES, *kernels, 0.7)
    np.testing.assert_allclose(layer(IMAGES), expected, rtol=1e-4, atol=1e-4)
    compiled = tf.function(layer, jit_compile=True)(IMAGES)
    np.testing.assert_allclose(compiled, expected, rtol=1e-4, atol=1e-4)


def test_starts_as_the_identity_that_learns_gamma_first():
    layer = build()
    with tf.GradientTape() as tape:
        outputs = layer(IMAGES)
        total = tf.reduce_sum(outputs**2)
    np.testing.assert_array_equal(outputs, IMAGES)
    to_gamma, to_query = tape.gradient(total, [layer.gamma.value, layer.query.kernel.value])
    assert abs(float(to_gamma)) > 1
    np.testing.assert_array_equal(to_query, np.zeros((1, 1, 16, 2)))


def test_spectral_normalisation_reaches_all_four_convolutions():
    layer = build(spectral_normalization=True)
    layer.gamma.assign(0.7)
    call = tf.function(lambda: layer(IMAGES, training=True))
    for _ in range(300):
        call()
    convolutions = (layer.query, layer.key, layer.value, layer.output_projection)
    assert all(isinstance(convolution, SpectralNormalization) for convolution in convolutions)
    kernels = [convolution.layer.kernel.numpy()[0, 0] for convolution in convolutions]
    kernels = [kernel / np.linalg.svd(kernel, compute_uv=False)[0] for kernel in kernels]
    np.testing.assert_allclose(layer(IMAGES), naive(IMAGES, *kernels, 0.7), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("spectral_normalization", [False, True])
def test_saved_and_loaded_within_a_network(spectral_normalization, tmp_path):
    image = keras.Input((4, 6, 16))
    attention = SelfAttention2D(spectral_normalization, name="attention")
    network = keras.Model(image, attention(image))
    attention.gamma.assign(0.5)
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    assert again.get_layer("attention").spectral_normalization == spectral_normalization
    np.testing.assert_array_equal(again(IMAGES), network(IMAGES))


def test_mixed_precision():
    layer = SelfAttention2D(dtype="mixed_bfloat16", spectral_normalization=True)
    layer.build(IMAGES.shape)
    layer.gamma.assign(0.5)
    outputs = layer(IMAGES, training=True)
    assert outputs.dtype == "bfloat16"
    exact = SelfAttention2D(spectral_normalization=True)
    exact.build(IMAGES.shape)
    exact.set_weights(layer.get_weights())
    np.testing.assert_allclose(tf.cast(outputs, "float32"), exact(IMAGES), rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 4, 4, 12), "C a multiple of 8"),
        ((2, 16), "C a multiple of 8"),
        ((2, 5, 4, 16), "must be even"),
    ],
)
def test_inputs_that_do_not_fit(shape, message):
    with pytest.raises(ValueError, match=message):
        SelfAttention2D()(np.zeros(shape, "float32"))


def test_weights_of_a_position_sum_to_one():
    """So where all positions have one value, each position attends to exactly that, whatever its query is."""
    keras.utils.set_random_seed(2)
    layer = build()
    images = IMAGES.copy()
    images[..., :4] = [1.0, -2.0, 3.0, 0.5]  # the same everywhere, and all that values are made from
    value = layer.value.kernel.numpy()
    value[:, :, 4:] = 0.0
    layer.value.kernel.assign(value)
    layer.gamma.assign(0.7)
    constant = images[0, 0, 0] @ value[0, 0] @ layer.output_projection.kernel.numpy()[0, 0]
    np.testing.assert_allclose(layer(images), images + 0.7 * constant, rtol=1e-4, atol=1e-4)
