"""Tells how much of the training time is spent waiting for data."""

import threading
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf


class InputWait(keras.callbacks.Callback):
    """Logs `input_wait`, the share of each epoch in which training waited for its next batch, from 0 to 1.

    Near 0 the steps take all the time: faster data would change nothing. Near 1 training waits for its input: read
    prepared records, use a faster `transform` or `pretext.OnProcesses`, or more cores. The time of validation does not
    count. Under a `tf.distribute` strategy batches are fetched ahead of the step, so the share is an upper bound.

    Args:
        dataset: the dataset to train on, any `tf.data.Dataset`.

    Attributes:
        dataset: the same dataset with a clock, to be given to `fit`.

    Example:

        wait = kg.callbacks.InputWait(photos)
        history = model.fit(wait.dataset, epochs=2, callbacks=[wait])
        history.history["input_wait"]       # [0.31, 0.02]
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        super().__init__()
        if not isinstance(dataset, tf.data.Dataset):
            raise ValueError(f"`dataset` must be a tf.data.Dataset. Received: {type(dataset).__name__}")
        self.dataset = _Timed(dataset, self._add)
        self._lock = threading.Lock()
        self._waited = self._validated = self._begun = self._validation_begun = 0.0

    def _add(self, seconds: np.ndarray) -> np.ndarray:
        with self._lock:
            self._waited += float(seconds)
        return seconds

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._waited, self._validated, self._begun = 0.0, 0.0, time.perf_counter()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Stops the clock."""
        self._validation_begun = time.perf_counter()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Continues."""
        self._validated += time.perf_counter() - self._validation_begun

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the share to the logs, for the progress bar and the history."""
        if logs is not None:
            logs["input_wait"] = min(self._waited / (time.perf_counter() - self._begun - self._validated), 1.0)


class _Timed(tf.data.Dataset):
    """A dataset that reports, of each element, the seconds between asking for it and receiving it."""

    def __init__(self, dataset: tf.data.Dataset, report: Any) -> None:
        plain = tf.autograph.experimental.do_not_convert

        def received(asked: tf.Tensor, element: Any) -> Any:
            waited = tf.numpy_function(report, [tf.timestamp() - asked], tf.float64)
            with tf.control_dependencies([waited]):
                return tf.nest.map_structure(tf.identity, element)

        clock = tf.data.Dataset.from_tensors(0).repeat().map(plain(lambda _: tf.timestamp()))
        options = tf.data.Options()
        options.autotune.enabled = False
        options.experimental_optimization.inject_prefetch = False  # the clock must be read when a batch is asked for
        self._source = dataset
        self._timed = tf.data.Dataset.zip((clock, dataset)).map(plain(received)).with_options(options)
        super().__init__(self._timed._variant_tensor)

    def _inputs(self) -> list[tf.data.Dataset]:
        return [self._timed]

    @property
    def element_spec(self) -> Any:
        """The shapes and dtypes of an element."""
        return self._source.element_spec

    def cardinality(self) -> tf.Tensor:
        """Returns the number of elements, int64."""
        return self._source.cardinality()
