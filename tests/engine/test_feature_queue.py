"""The queue against a ring filled vector by vector."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import FeatureQueue


@pytest.mark.parametrize(("size", "batches"), [(7, [3] * 8), (5, [5, 2, 13, 4]), (1, [1, 3]), (4, [4, 8, 1])])
def test_the_ring_vector_by_vector(size: int, batches: list[int]) -> None:
    queue = FeatureQueue(size, 2)
    ring = queue.vectors.numpy()
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 1.0, rtol=1e-6)
    enqueue = tf.function(queue.enqueue, reduce_retracing=True)
    number = 0
    for batch in batches:
        vectors = np.arange(2 * number, 2 * (number + batch), dtype="float32").reshape(batch, 2)
        for vector in vectors:
            ring[number % size] = vector
            number += 1
        enqueue(tf.constant(vectors))
        np.testing.assert_array_equal(queue.vectors, ring)
        assert int(queue.position) == number % size


def test_it_starts_with_directions_drawn_evenly() -> None:
    keras.utils.set_random_seed(1)
    vectors = FeatureQueue(4000, 3).vectors.numpy()
    # Of even directions each coordinate has mean 0 and second moment 1/3, the products have mean 0.
    np.testing.assert_allclose(vectors.mean(0), 0, atol=5 * np.sqrt(1 / 3 / 4000))
    np.testing.assert_allclose(vectors.T @ vectors / 4000, np.eye(3) / 3, atol=0.025)


def test_it_is_saved_with_its_model(tmp_path) -> None:
    def holder() -> keras.Model:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.queue = FeatureQueue(3, 1)
        return model

    model, again = holder(), holder()
    model.queue.enqueue(tf.constant([[1.0], [2.0], [3.0], [4.0]]))
    model.save_weights(tmp_path / "w.weights.h5")
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(again.queue.vectors, [[4], [2], [3]])
    assert int(again.queue.position) == 1
    assert FeatureQueue.from_config(model.queue.get_config()).get_config() == model.queue.get_config()


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`size` must be an integer of at least 1\. Received: size=0"):
        FeatureQueue(0, 2)
    with pytest.raises(ValueError, match=r"`dim` must be an integer of at least 1\. Received: dim=2\.0"):
        FeatureQueue(3, 2.0)
