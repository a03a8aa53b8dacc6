"""The memory bank against a loop over examples."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import MemoryBank


def test_the_loop_example_by_example_where_the_last_of_a_batch_counts() -> None:
    rng = np.random.default_rng(0)
    bank = MemoryBank(size=6, dim=3, momentum=0.5)
    expected = bank.vectors.numpy()
    np.testing.assert_allclose(np.linalg.norm(expected, axis=1), 1.0, rtol=1e-6)
    update = tf.function(bank.update)
    repeated = 0
    for _ in range(5):
        index = rng.integers(0, 6, 4)
        features = rng.normal(size=(4, 3)).astype("float32") * 10
        old = expected.copy()
        for i, feature in zip(index, features, strict=True):
            moved = 0.5 * old[i] + 0.5 * feature / np.linalg.norm(feature)
            expected[i] = moved / np.linalg.norm(moved)
        update(tf.constant(index), tf.constant(features))
        np.testing.assert_allclose(bank.vectors, expected, atol=1e-6)
        repeated += 4 - len(set(index))
    assert repeated > 0


def test_it_is_saved_with_its_model(tmp_path) -> None:
    def holder() -> keras.Model:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.bank = MemoryBank(3, 2, momentum=0.0)
        return model

    model, again = holder(), holder()
    model.bank.update(tf.constant([1]), tf.constant([[0.0, -7.0]]))
    model.save_weights(tmp_path / "w.weights.h5")
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(again.bank.vectors, model.bank.vectors)
    np.testing.assert_array_equal(again.bank.vectors[1], [0, -1])
    assert MemoryBank.from_config(model.bank.get_config()).get_config() == model.bank.get_config()


@pytest.mark.parametrize("outside", [-1, 3, 2**32])
def test_an_index_out_of_range_is_refused_and_changes_nothing(outside: int) -> None:
    bank = MemoryBank(3, 2)
    before = bank.vectors.numpy()
    for update in (bank.update, tf.function(bank.update)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"`index` must lie in \[0, 3\).*Received: numbers"):
            update(tf.constant([0, outside], tf.int64), tf.ones((2, 2)))
    np.testing.assert_array_equal(bank.vectors, before)


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`size` must be an integer of at least 1\. Received: size=0"):
        MemoryBank(0, 2)
    with pytest.raises(ValueError, match=r"`momentum` must lie in \[0, 1\)\. Received: momentum=1"):
        MemoryBank(3, 2, 1)
    for index in ([0.0], [[1]], [True]):
        with pytest.raises(ValueError, match=r"`index` must hold integers of shape \(batch,\)\. Received: "):
            MemoryBank(3, 2).checked(tf.constant(index))
