import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.losses import KLSparsity, L1Sparsity


def test_l1_equals_naive_loop():
    codes = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    expected = [0.3 * sum(abs(float(value)) for value in row) for row in codes]
    np.testing.assert_allclose(L1Sparsity(0.3)(codes), expected, rtol=1e-5)


def test_kl_equals_the_divergence_of_two_coins():
    codes = np.random.default_rng(0).uniform(0.01, 0.6, (6, 4)).astype("float32")
    expected = 0.0
    for unit in range(4):
        mean = sum(float(codes[row, unit]) for row in range(6)) / 6
        expected += 0.05 * math.log(0.05 / mean) + 0.95 * math.log(0.95 / (1 - mean))
    np.testing.assert_allclose(KLSparsity(0.05, weight=2.0)(codes), [2 * expected] * 6, rtol=1e-5)


def test_kl_is_zero_with_zero_gradient_at_the_target():
    codes = tf.constant([[0.02, 0.1], [0.08, 0.0]])  # both means are 0.05
    with tf.GradientTape() as tape:
        tape.watch(codes)
        penalty = KLSparsity(0.05, weight=1.0)(codes)
    np.testing.assert_allclose(penalty, [0, 0], atol=1e-6)
    np.testing.assert_allclose(tape.gradient(penalty, codes), np.zeros((2, 2)), atol=1e-5)


def test_kl_has_the_derivative_of_its_formula():
    """d/dm_j [rho log(rho/m) + (1-rho) log((1-rho)/(1-m))] = (1-rho)/(1-m) - rho/m, shared by the batch's rows."""
    codes = tf.constant([[0.2, 0.7], [0.4, 0.1]])
    with tf.GradientTape() as tape:
        tape.watch(codes)
        loss = tf.reduce_mean(KLSparsity(0.1, weight=3.0)(codes))
    means = np.array([0.3, 0.4])
    expected = 3.0 * (0.9 / (1 - means) - 0.1 / means) / 2
    np.testing.assert_allclose(tape.gradient(loss, codes), np.tile(expected, (2, 1)), rtol=1e-5)


def test_kl_is_finite_where_a_unit_never_speaks():
    penalty = KLSparsity(0.05, weight=1.0)
    assert np.isfinite(penalty(np.zeros((3, 2), "float32"))).all()
    assert np.isfinite(penalty(np.ones((3, 2), "float32"))).all()
    assert float(penalty(np.zeros((3, 1), "float32"))[0]) > 0.5


def test_kl_takes_the_mean_over_all_replicas():
    """Two halves that gather each other: the value and the summed gradient of the whole batch."""
    codes = tf.constant(np.random.default_rng(1).uniform(0.05, 0.9, (8, 3)), tf.float32)
    penalty = KLSparsity(0.05, weight=1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(codes)
        whole = tf.reduce_mean(penalty(codes))
        halves = [penalty(codes[half], lambda _: codes) for half in (slice(0, 4), slice(4, 8))]
        shared = sum(tf.reduce_sum(half) / 8 for half in halves)
    np.testing.assert_allclose(np.concatenate(halves), [float(whole)] * 8, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(shared, codes), tape.gradient(whole, codes), rtol=1e-5)


@pytest.mark.parametrize("penalty", [L1Sparsity(0.25), KLSparsity(0.1, 0.5)])
def test_config(penalty):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert (type(restored), vars(restored)) == (type(penalty), vars(penalty))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: L1Sparsity(-1), "`weight` must be at least 0 and finite. Received: weight=-1"),
        (lambda: KLSparsity(weight=-0.5), "`weight` must be at least 0 and finite. Received: weight=-0.5"),
        (lambda: KLSparsity(rho=0), r"`rho` must lie inside \(0, 1\). Received: rho=0"),
        (lambda: KLSparsity(rho=1), r"`rho` must lie inside \(0, 1\). Received: rho=1"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
