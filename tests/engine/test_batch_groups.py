"""Batch normalisation of groups against NumPy, one group after the other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import layers
from keras_genssl.engine import in_groups, shuffled

RNG = np.random.default_rng(0)
ROWS = RNG.normal(2.0, 3.0, (12, 5)).astype("float32")


def network() -> keras.Model:
    model = keras.Sequential([keras.Input((5,)), layers.BatchNormalization(momentum=0.75, synchronized=True)])
    model.set_weights([RNG.uniform(0.5, 2.0, 5) for _ in model.weights])
    return model


def normalised(model: keras.Model, rows: np.ndarray) -> np.ndarray:
    gamma, beta = model.get_weights()[:2]
    return (rows - rows.mean(0)) / np.sqrt(rows.var(0) + 1e-3) * gamma + beta


def test_each_group_is_normalised_alone_and_the_statistics_move_once() -> None:
    model = network()
    mean, variance = model.get_weights()[2:]
    outputs = tf.function(lambda rows: in_groups(lambda x: model(x, training=True), [model], rows, 3))(ROWS)
    groups = np.split(ROWS, 3)
    np.testing.assert_allclose(outputs, np.concatenate([normalised(model, g) for g in groups]), atol=1e-5)
    new_mean, new_variance = model.get_weights()[2:]
    np.testing.assert_allclose(new_mean, 0.75 * mean + 0.25 * np.mean([g.mean(0) for g in groups], 0), rtol=1e-5)
    np.testing.assert_allclose(new_variance, 0.75 * variance + 0.25 * np.mean([g.var(0) for g in groups], 0), rtol=1e-5)
    assert model.layers[0].synchronized  # it was not while in groups, and is again


def test_gradients_are_those_of_the_groups() -> None:
    model = network()
    weights = tf.constant(RNG.normal(size=(12, 5)), tf.float32)
    rows = tf.constant(ROWS)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(rows)
        together = tf.reduce_sum(weights * in_groups(lambda x: model(x, training=True), [model], rows, 3))
        apart = [tf.reduce_sum(weights[i : i + 4] * model(rows[i : i + 4], training=True)) for i in (0, 4, 8)]
        apart = tf.add_n(apart)
    for variable in (rows, *(weight.value for weight in model.trainable_weights)):
        np.testing.assert_allclose(tape.gradient(together, variable), tape.gradient(apart, variable), atol=1e-4)


def test_shuffled_groups_are_groups_of_the_shuffled_rows() -> None:
    model = network()
    met = []

    def function(rows):
        met.append(rows.numpy())
        return in_groups(lambda x: model(x, training=True), [model], rows, 3)

    outputs = shuffled(function, tf.constant(ROWS), keras.random.SeedGenerator(4)).numpy()
    order = [int(np.flatnonzero((row == ROWS).all(1))[0]) for row in met[0]]
    assert sorted(order) == list(range(12)) != order
    for group in np.split(np.array(order), 3):
        np.testing.assert_allclose(outputs[group], normalised(model, ROWS[group]), atol=1e-5)


def test_every_order_is_as_likely() -> None:
    seed, counts = keras.random.SeedGenerator(7), {}
    for _ in range(600):
        met = []
        back = shuffled(lambda x, met=met: met.append(tuple(x.numpy())) or x * 2, tf.constant([1, 2, 3]), seed)
        assert back.numpy().tolist() == [2, 4, 6]
        counts[met[0]] = counts.get(met[0], 0) + 1
    # Six orders, 100 expected of each: standard deviation 9.1.
    assert len(counts) == 6
    assert max(abs(count - 100) for count in counts.values()) < 40


def test_one_group_is_the_function_itself() -> None:
    assert in_groups(lambda rows: rows is ROWS, [], ROWS, 1) is True


def test_a_batch_that_cannot_be_cut_is_refused() -> None:
    model = network()
    rule = r"must be a multiple of the 5 groups.*drop the remainder"
    with pytest.raises(ValueError, match=rule):
        in_groups(model, [model], tf.constant(ROWS), 5)
    function = tf.function(lambda rows: in_groups(model, [model], rows, 5), input_signature=[tf.TensorSpec((None, 5))])
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        function(tf.constant(ROWS))
