"""`InputWait` counts the time for which `fit` waits for a batch, and no other time."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

NAP, BATCHES = 0.05, 6


class Nap(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(NAP)

    def on_test_batch_end(self, batch, logs=None):
        time.sleep(NAP)


def slept(x):
    time.sleep(NAP)
    return x


def fitted(dataset, **settings):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    wait = kg.callbacks.InputWait(dataset)
    model.fit(dataset, verbose=0)  # traces the step
    began = time.perf_counter()
    history = model.fit(wait.dataset, verbose=0, callbacks=[wait, *settings.pop("callbacks", [])], **settings)
    return history.history["input_wait"][0], time.perf_counter() - began


def batches():
    return tf.data.Dataset.from_tensors((np.ones((2, 1), np.float32),) * 2).repeat(BATCHES)


def test_waiting_for_data_counts():
    def slow(x, y):
        return tf.ensure_shape(tf.numpy_function(slept, [x], tf.float32), (2, 1)), y

    share, total = fitted(batches().map(slow))
    assert BATCHES * NAP / total <= share <= 1


def test_steps_and_validation_do_not_count():
    share, total = fitted(batches(), callbacks=[Nap()], validation_data=batches())
    assert 0 < share <= 1 - BATCHES * NAP / total


def test_a_loaded_dataset_keeps_its_length_order_and_position():
    images = kg.data.load({"image": np.arange(8, dtype=np.uint8).reshape(8, 1, 1, 1)}, batch_size=2, seed=3)
    expected = [batch["image"].numpy().ravel().tolist() for batch in images]
    images.order.position = (0, 0)
    timed = kg.callbacks.InputWait(images).dataset
    assert (timed.cardinality(), timed.element_spec) == (4, images.element_spec)
    assert [batch["image"].numpy().ravel().tolist() for batch in timed] == expected
    assert images.order.position == (1, 0)


def test_anything_but_a_dataset_is_refused():
    with pytest.raises(ValueError, match=r"`dataset` must be a tf.data.Dataset. Received: list"):
        kg.callbacks.InputWait([1, 2])
