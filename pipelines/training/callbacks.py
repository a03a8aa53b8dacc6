"""The callback that watches a training."""

import math
from typing import Any

import keras

from keras_genssl.data.order import Order
from pipelines.console import Training

CHECK_STEPS = 20  # the loss is read only this often, because each reading waits for the device


class Follow(keras.callbacks.Callback):
    """Shows progress, ends training at its last step, and raises if the loss is not finite.

    Args:
        progress: shows the steps.
        order: the order of the data; an epoch that continues after an interruption starts at its position.
        total: the number of steps of the training.

    Raises:
        FloatingPointError: the loss is NaN or infinite. It is read every `CHECK_STEPS` steps and at
            the end of an epoch.
    """

    def __init__(self, progress: Training, order: Order, total: int):
        super().__init__()
        self._progress, self._order, self._total = progress, order, total
        self._first = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remembers where the epoch starts. `Resume`, called before, has set the position."""
        self._first = epoch * self._order.steps_per_epoch + self._order.position[1]

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts the step."""
        step = self._first + batch + 1
        last = step >= self._total
        loss = self._loss(step, logs) if step % CHECK_STEPS == 0 or last else None
        self._progress.update(step, loss)
        if last:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Checks the loss of the epoch."""
        self._loss((epoch + 1) * self._order.steps_per_epoch, logs)

    def _loss(self, step: int, logs: dict[str, Any] | None) -> float | None:
        values = {name: float(value) for name, value in (logs or {}).items() if "loss" in name}
        for name, value in values.items():
            if not math.isfinite(value):
                raise FloatingPointError(f"{name} is {value} at step {step}")
        return values.get("loss", next(iter(values.values()), None))
