import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_genssl.layers import BatchNormalization, InstanceNormalization


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def _pair(shape, **kwargs):
    """Our layer and Keras' own with the same random weights."""
    generator = np.random.default_rng(0)
    layers = BatchNormalization(**kwargs), keras.layers.BatchNormalization(**kwargs)
    for layer in layers:
        layer.build(shape)
    weights = [generator.uniform(0.5, 2.0, weight.shape) for weight in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def _step(layer, x, coefficients, training):
    """Output, gradients with respect to input and weights."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
        loss = tf.reduce_sum(tf.cast(y, "float32") * coefficients)
    gradients = tape.gradient(loss, [x, *[w.value for w in layer.trainable_weights]])
    return [y, *gradients]


def assert_close(got, expected, tolerance):
    for ours, keras_own in zip(got, expected, strict=True):
        np.testing.assert_allclose(
            tf.cast(ours, "float32"), tf.cast(keras_own, "float32"), rtol=tolerance, atol=tolerance
        )


def test_the_comparison_sees_what_differs():
    one = tf.ones(3)
    assert_close([one, one], [one, one + 9e-4], 5e-4)
    for other in ([one, one + 1.1e-3], [one + float("nan"), one]):
        with pytest.raises(AssertionError):
            assert_close([one, one], other, 5e-4)
    with pytest.raises(ValueError, match="shorter"):
        assert_close([one, one], [one], 5e-4)


@pytest.mark.parametrize("shape", [(4, 6, 5, 3), (2, 1, 3, 8), (1, 1, 1, 2), (7, 3, 9, 1)])
@pytest.mark.parametrize("training", [True, False])
def test_equals_keras(shape, training):
    ours, reference = _pair(shape, momentum=0.8)
    for step in range(3):
        x = keras.random.normal(shape, mean=2.0, stddev=3.0, seed=step)
        coefficients = keras.random.normal(shape, seed=100 + step)
        assert_close(_step(ours, x, coefficients, training), _step(reference, x, coefficients, training), 2e-4)
    assert_close(ours.weights, reference.weights, 1e-5)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("training", [True, False])
def test_equals_keras_in_mixed_precision(dtype, training):
    shape = (8, 6, 6, 4)
    ours, reference = _pair(shape, dtype=dtype)
    for step in range(3):
        x = tf.cast(keras.random.normal(shape, mean=1.0, seed=step), ours.compute_dtype)
        coefficients = keras.random.normal(shape, seed=100 + step)
        got, expected = (_step(layer, x, coefficients, training) for layer in (ours, reference))
        assert got[0].dtype == expected[0].dtype == ours.compute_dtype
        assert got[2].dtype == expected[2].dtype == "float32"
        # Outputs are rounded once from float32 statistics; gradients reduce low-precision products.
        precision = {"bfloat16": 2.0**-8, "float16": 2.0**-11}[ours.compute_dtype]
        assert_close(got[:2], expected[:2], 4 * precision)
        assert_close(got[2:], expected[2:], 100 * precision)
    assert_close(ours.weights, reference.weights, 1e-4)


@pytest.mark.parametrize(
    ("shape", "kwargs"),
    [
        ((5, 7), {}),
        ((2, 3, 4, 5, 2), {}),
        ((2, 3, 4, 5), {"axis": 1}),
        ((2, 3, 4, 5), {"epsilon": 1e-7}),
        ((2, 3, 4, 5), {"renorm": True}),
        ((2, 3, 4, 5), {"center": False}),
        ((2, 3, 4, 5), {"scale": False}),
        ((2, 3, 4, 5), {"synchronized": True}),
    ],
)
def test_equals_keras_with_every_option(shape, kwargs):
    ours, reference = _pair(shape, **kwargs)
    x, coefficients = keras.random.normal(shape, seed=1), keras.random.normal(shape, seed=2)
    assert_close(_step(ours, x, coefficients, True), _step(reference, x, coefficients, True), 1e-4)
    assert_close(ours.weights, reference.weights, 1e-5)


def test_mask_is_respected():
    shape = (2, 3, 4, 5)
    ours, reference = _pair(shape)
    x = keras.random.normal(shape, seed=1)
    mask = tf.constant(np.arange(24).reshape(2, 3, 4) % 3 > 0)
    assert_close([ours(x, training=True, mask=mask)], [reference(x, training=True, mask=mask)], 1e-5)
    assert_close(ours.weights, reference.weights, 1e-5)


@pytest.mark.parametrize("shape", [(2, 1, 1, 2), (2, 2)])  # on the fused kernel, and as Keras computes it
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_moving_statistics_of_a_batch_that_is_not_finite_stay(shape, bad):
    layer = BatchNormalization(momentum=0.9)
    layer.build(shape)
    layer.moving_mean.assign([3.0, 3.0])
    x = np.array([[bad, 0.0], [1.0, 2.0]], "float32")  # the second channel: mean 1, variance 1
    outputs = np.reshape(layer(np.reshape(x, shape), training=True), (2, 2))
    assert np.isnan(outputs[:, 0]).any()
    np.testing.assert_allclose(outputs[:, 1], [-1, 1], atol=1e-3)
    np.testing.assert_allclose(layer.moving_mean, [3.0, 0.9 * 3.0 + 0.1], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, [1.0, 1.0], rtol=1e-6)


def test_frozen_means_inference():
    ours, reference = _pair((2, 3, 4, 5))
    ours.trainable = reference.trainable = False
    before = ours.get_weights()
    x = keras.random.normal((2, 3, 4, 5), seed=1)
    assert_close([ours(x, training=True)], [reference(x, training=True)], 1e-5)
    assert_close(ours.weights, before, 0.0)


def test_fused_kernel_is_what_runs():
    layer = BatchNormalization(synchronized=True)
    function = tf.function(lambda x: layer(x, training=True))
    operations = function.get_concrete_function(tf.TensorSpec((None, None, None, 3))).graph.get_operations()
    assert "FusedBatchNormV3" in {operation.type for operation in operations}


def test_second_order_gradient():
    def penalty(layer, x, coefficients):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(layer(x, training=True) ** 2 * coefficients)
            norm = tf.reduce_sum(inner.gradient(y, x) ** 2)
        return outer.gradient(norm, [x, layer.gamma.value])

    shape = (3, 4, 2, 3)
    x, coefficients = keras.random.normal(shape, seed=1), keras.random.normal(shape, seed=2)
    got, expected = (penalty(layer, x, coefficients) for layer in _pair(shape))
    for ours, reference in zip(got, expected, strict=True):
        np.testing.assert_allclose(ours, reference, rtol=1e-3, atol=1e-3 * np.abs(reference).max())


def test_compiles_with_xla():
    ours, reference = _pair((4, 3, 3, 2))
    x, coefficients = keras.random.normal((4, 3, 3, 2), seed=1), keras.random.normal((4, 3, 3, 2), seed=2)
    step = tf.function(lambda x: _step(ours, x, coefficients, True), jit_compile=True)
    assert_close(step(x), _step(reference, x, coefficients, True), 1e-4)
    assert_close(ours.weights, reference.weights, 1e-5)


def test_config_round_trip():
    layer = BatchNormalization(momentum=0.7, epsilon=1e-4, synchronized=True, scale=False)
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(restored) is BatchNormalization
    assert restored.get_config() == layer.get_config()


RNG = np.random.default_rng(2)


def naive(x, gamma, beta, epsilon):
    out = np.empty_like(x)
    for image in range(x.shape[0]):
        for channel in range(x.shape[3]):
            plane = x[image, :, :, channel]
            normal = (plane - plane.mean()) / np.sqrt(((plane - plane.mean()) ** 2).mean() + epsilon)
            out[image, :, :, channel] = gamma[channel] * normal + beta[channel]
    return out


def test_each_plane_alone() -> None:
    x = RNG.normal(3, 2, (3, 5, 4, 6)).astype("float32")
    gamma, beta = RNG.normal(size=6), RNG.normal(size=6)
    layer = InstanceNormalization(epsilon=0.1)
    layer.build(x.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    expected = naive(x.astype("float64"), gamma, beta, 0.1)
    for training in (True, False):
        np.testing.assert_allclose(ops.convert_to_numpy(layer(x, training=training)), expected, atol=1e-5)


def test_equals_keras_group_normalization_of_single_channels() -> None:
    x = RNG.normal(size=(2, 7, 3, 4)).astype("float32")
    other = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)
    np.testing.assert_allclose(InstanceNormalization()(x), other(x), atol=1e-5)


def test_a_constant_plane_becomes_beta() -> None:
    layer = InstanceNormalization()
    layer.build((None, None, None, 2))
    layer.beta.assign([0.25, -1.0])
    answer = ops.convert_to_numpy(layer(np.full((1, 4, 4, 2), 100.0, "float32")))
    np.testing.assert_allclose(answer[0, 2, 3], [0.25, -1.0], atol=1e-2)


def test_statistics_of_half_precision_are_float32() -> None:
    # Sums of squares of 64 * 64 pixels of 30 would overflow float16.
    x = np.where(np.arange(64 * 64).reshape(1, 64, 64, 1) % 2, 30.0, -30.0)
    answer = InstanceNormalization(dtype="mixed_float16")(x)
    assert keras.backend.standardize_dtype(answer.dtype) == "float16"
    np.testing.assert_allclose(ops.convert_to_numpy(answer), x / 30.0, atol=1e-3)


def test_arguments_survive_and_are_checked() -> None:
    layer = InstanceNormalization(epsilon=0.5, scale=False, center=False)
    again = InstanceNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    again.build((None, 4, 4, 3))
    assert again.weights == []
    with pytest.raises(ValueError, match=r"`epsilon` must be positive\. Received: epsilon=0"):
        InstanceNormalization(epsilon=0)
    with pytest.raises(ValueError, match="takes images"):
        InstanceNormalization().build((None, 4))


def derived(x, gamma, beta, epsilon=1e-3):
    """Instance normalisation whose gradient TensorFlow derives."""
    mean, variance = tf.nn.moments(x, (1, 2), keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + epsilon) * gamma + beta


@pytest.mark.parametrize("jit_compile", [False, True])
def test_first_and_second_gradients_of_instance_normalization_are_the_derived_ones(jit_compile):
    layer = InstanceNormalization(epsilon=1e-3, dtype="float64")
    layer.build((None, 5, 4, 3))
    rng = np.random.default_rng(0)
    x, weights = tf.constant(rng.normal(2.0, 1.0, (2, 5, 4, 3))), tf.constant(rng.normal(size=(2, 5, 4, 3)))
    layer.gamma.assign(rng.normal(size=3))
    layer.beta.assign(rng.normal(size=3))
    variables = [layer.gamma.value, layer.beta.value]

    def gradients(function):
        @tf.function(jit_compile=jit_compile)
        def both():
            with tf.GradientTape() as outer:
                outer.watch(x)
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    value = tf.reduce_sum(weights * tf.sin(function(x)))
                first = inner.gradient(value, [x, *variables])
                norm = sum(tf.reduce_sum(tf.square(gradient)) for gradient in first)
            return first, outer.gradient(norm, [x, *variables])

        return tf.nest.flatten(both())

    expected = gradients(lambda x: derived(x, *variables))
    for ours, theirs in zip(gradients(layer), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
