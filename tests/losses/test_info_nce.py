"""InfoNCE against a loop over queries and keys."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.losses import InfoNCELoss

RNG = np.random.default_rng(0)
KEYS, QUERIES = RNG.normal(size=(2, 5, 3)).astype("float32")
QUEUE = RNG.normal(size=(7, 3)).astype("float32")


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_the_loop_over_queries(temperature: float) -> None:
    with_queue, in_batch = [], []
    for i, query in enumerate(QUERIES):
        positive = np.exp(cosine(query, KEYS[i]) / temperature)
        negatives = sum(np.exp(cosine(query, key) / temperature) for key in QUEUE)
        others = sum(np.exp(cosine(query, KEYS[j]) / temperature) for j in range(5) if j != i)
        with_queue.append(-np.log(positive / (positive + negatives)))
        in_batch.append(-np.log(positive / (positive + others)))
    loss = InfoNCELoss(temperature)
    np.testing.assert_allclose(loss.call(KEYS, QUERIES, QUEUE), with_queue, rtol=1e-5)
    np.testing.assert_allclose(loss.call(KEYS, QUERIES), in_batch, rtol=1e-5)
    assert float(loss(KEYS, QUERIES)) == pytest.approx(np.mean(in_batch), rel=1e-5)


def test_collapsed_embeddings_give_log_of_all_candidates() -> None:
    ones, loss = np.ones((5, 3), "float32"), InfoNCELoss(0.07)
    np.testing.assert_allclose(loss.call(ones, ones, np.ones((7, 3), "float32")), np.full(5, np.log(8)), rtol=1e-5)
    np.testing.assert_allclose(loss.call(ones, ones), np.full(5, np.log(5)), rtol=1e-5)


def test_embeddings_of_zeros_give_a_finite_loss_and_gradient() -> None:
    queries, keys = tf.Variable(tf.zeros((5, 3))), tf.Variable(KEYS)
    with tf.GradientTape() as tape:
        losses = InfoNCELoss(0.07).call(keys, queries, QUEUE)
        total = tf.reduce_sum(losses)
    np.testing.assert_allclose(losses, np.full(5, np.log(8)), rtol=1e-6)  # every cosine is 0
    for gradient in tape.gradient(total, [queries, keys]):
        np.testing.assert_array_equal(gradient, np.zeros((5, 3)))


def test_half_precision_is_computed_in_single() -> None:
    half = [array.astype("float16") for array in (KEYS, QUERIES, QUEUE)]
    losses = InfoNCELoss(0.07).call(*(tf.constant(array) for array in half))
    assert losses.dtype == tf.float32
    np.testing.assert_allclose(losses, InfoNCELoss(0.07).call(*(a.astype("float32") for a in half)), rtol=1e-6)


def test_configuration_and_error() -> None:
    loss = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(InfoNCELoss(0.2, name="n")))
    assert (loss.temperature, loss.name) == (0.2, "n")
    for temperature in (0, -0.1, float("nan")):
        with pytest.raises(
            ValueError, match=rf"`temperature` must be positive and finite\. Received: temperature={temperature}"
        ):
            InfoNCELoss(temperature)
