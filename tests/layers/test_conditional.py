"""Normalisation with gains of each class against a NumPy loop, and the projection on a class against einsum."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import ClassProjection, ConditionalBatchNormalization

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(2.0, 3.0, (6, 4, 5, 3)).astype("float32")
LABELS = np.array([0, 1, 1, 3, 0, 1])  # of four classes, one of which has no example
CLASSES = np.eye(4, dtype="float32")[LABELS]
array = keras.ops.convert_to_numpy


def build(**arguments):
    layer = ConditionalBatchNormalization(**arguments)
    layer.build([FEATURES.shape, CLASSES.shape])
    layer.gain.assign(RNG.uniform(0.5, 2.0, (4, 3)))
    layer.bias.assign(RNG.normal(size=(4, 3)))
    return layer


def naive(features, gain, bias, mean, variance, epsilon):
    """Image by image and channel by channel, in float64."""
    result = np.empty(features.shape)
    for i, label in enumerate(LABELS):
        for c in range(features.shape[-1]):
            standard = (features[i, ..., c] - mean[c]) / np.sqrt(variance[c] + epsilon)
            result[i, ..., c] = gain[label, c] * standard + bias[label, c]
    return result


def test_equals_a_loop_over_images_in_training_and_in_inference():
    layer = build(momentum=0.9, epsilon=0.1)
    gain, bias = array(layer.gain), array(layer.bias)
    flat = FEATURES.astype("float64").reshape(-1, 3)  # all classes are normalised together
    mean, variance = flat.mean(0), flat.var(0)
    expected = naive(FEATURES, gain, bias, mean, variance, 0.1)
    np.testing.assert_allclose(layer([FEATURES, CLASSES], training=True), expected, rtol=1e-4, atol=1e-4)
    moving = 0.1 * mean, 0.9 + 0.1 * variance  # from 0 and 1
    expected = naive(FEATURES, gain, bias, *moving, 0.1)
    np.testing.assert_allclose(layer([FEATURES, CLASSES]), expected, rtol=1e-4, atol=1e-4)
    compiled = tf.function(layer, jit_compile=True)([FEATURES, CLASSES])
    np.testing.assert_allclose(compiled, expected, rtol=1e-4, atol=1e-4)


def test_each_class_learns_its_own_gain_and_bias():
    """The gradient of a sum with coefficients k is, for a gain, the sum of k times what is normalised of its class."""
    layer = build()
    k = RNG.normal(size=FEATURES.shape).astype("float32")
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(k * layer([FEATURES, CLASSES], training=True))
    of_gain, of_bias = tape.gradient(total, [layer.gain.value, layer.bias.value])
    flat = FEATURES.reshape(-1, 3)
    standard = (FEATURES - flat.mean(0)) / np.sqrt(flat.var(0) + 1e-3)
    for label in range(4):
        own = label == LABELS
        np.testing.assert_allclose(of_gain[label], (k * standard)[own].sum((0, 1, 2)), rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(of_bias[label], k[own].sum((0, 1, 2)), rtol=1e-3, atol=1e-3)
    assert not np.any(of_gain[2])  # no example of the class


def test_starts_as_plain_normalisation_and_mixes_classes_by_weights():
    layer = ConditionalBatchNormalization()
    plain = keras.layers.BatchNormalization()
    np.testing.assert_allclose(
        layer([FEATURES, CLASSES], training=True), plain(FEATURES, training=True), rtol=1e-4, atol=1e-4
    )
    layer = build()
    ends = [array(layer([FEATURES, np.eye(4, dtype="float32")[[label] * 6]])) for label in (1, 3)]
    between = layer([FEATURES, np.tile(np.array([0, 0.25, 0, 0.75], "float32"), (6, 1))])
    np.testing.assert_allclose(between, 0.25 * ends[0] + 0.75 * ends[1], rtol=1e-4, atol=1e-4)


def test_vectors_are_normalised_too():
    features = FEATURES[:, 0, 0]
    layer = ConditionalBatchNormalization(epsilon=1e-6)
    layer.build([features.shape, CLASSES.shape])
    layer.gain.assign(np.arange(12.0).reshape(4, 3))
    standard = (features - features.mean(0)) / features.std(0)
    expected = standard * np.arange(12.0).reshape(4, 3)[LABELS]
    np.testing.assert_allclose(layer([features, CLASSES], training=True), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("spectral", [False, True])
def test_a_projection_is_the_inner_product_with_the_vector_of_the_class(spectral):
    features = FEATURES[:, 0, 0]
    layer = ClassProjection(spectral)
    logits = layer([features, CLASSES])
    assert logits.shape == (6, 1)
    if spectral:
        layer.vectors.u.assign(layer.vectors.spectral_norm(100)[1])
        kernel = array(layer.vectors.layer.kernel)
        kernel = kernel / np.linalg.svd(kernel, compute_uv=False)[0]
    else:
        kernel = array(layer.vectors.kernel)
    expected = np.einsum("bd,cd,bc->b", features, kernel, CLASSES)
    np.testing.assert_allclose(layer([features, CLASSES])[:, 0], expected, rtol=1e-4, atol=1e-4)


def test_a_power_iteration_is_made_in_training_alone():
    layer = ClassProjection(True)
    layer.build([(None, 3), (None, 4)])
    before = array(layer.vectors.u)
    layer([FEATURES[:, 0, 0], CLASSES])
    np.testing.assert_array_equal(array(layer.vectors.u), before)
    layer([FEATURES[:, 0, 0], CLASSES], training=True)
    assert np.any(array(layer.vectors.u) != before)


def test_saved_and_loaded_within_a_network(tmp_path):
    image, label = keras.Input((4, 5, 3)), keras.Input((4,))
    x = ConditionalBatchNormalization(0.7, 0.2, True, "random_normal", name="norm")([image, label])
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = keras.Model([image, label], ClassProjection(True, "random_uniform", name="projection")([x, label]))
    network([FEATURES, CLASSES], training=True)
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    for name in ("norm", "projection"):
        assert again.get_layer(name).get_config() == network.get_layer(name).get_config()
    np.testing.assert_array_equal(again([FEATURES, CLASSES]), network([FEATURES, CLASSES]))


@pytest.mark.parametrize("kind", [ConditionalBatchNormalization, ClassProjection])
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3), r"must be called on \[features, classes \(batch, num_classes\)\]"),
        ([(2, 3), (2, 4, 1)], r"Received: inputs of shape \(2, 3\) and \(2, 4, 1\)"),
        ([(2, None), (2, 4)], "with known channels and num_classes"),
        ([(2, 3), (2, None)], "with known channels and num_classes"),
    ],
)
def test_inputs_that_do_not_fit(kind, shape, message):
    with pytest.raises(ValueError, match=message):
        kind().build(shape)


def test_a_projection_takes_vectors():
    with pytest.raises(ValueError, match=r"features of ClassProjection must have shape \(batch, dim\)"):
        ClassProjection()([FEATURES, CLASSES])
