"""Callbacks that look at a model during `fit` without disturbing it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.checks import arrays
from keras_genssl.engine import replicas


class Periodic(keras.callbacks.Callback):
    """Base of callbacks that look at the model after every `every` epochs, and after the last epoch of `fit`.

    A subclass implements `look`. Training continues with the same weights and the same noise as without the callback:
    the states of the model's seed generators are restored. With several workers all of them look, since reading a
    variable may need all; only the worker for which `is_chief` is true writes files.

    Args:
        every: number of epochs, positive.

    Raises:
        ValueError: if ``every`` is not a positive integer.
    """

    def __init__(self, every: int = 1) -> None:
        super().__init__()
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"`every` must be a positive integer. Received: every={every!r}")
        self.every = every

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Looks at ``self.model`` after an epoch, counted from 1. Entries added to ``logs`` enter the history."""
        raise NotImplementedError

    @property
    def is_chief(self) -> bool:
        """Tells whether this worker writes the files."""
        strategy = getattr(self.model, "distribute_strategy", None) or tf.distribute.get_strategy()
        return bool(strategy.extended.should_checkpoint)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Calls `look` if it is due."""
        last = epoch + 1 == self.params.get("epochs")
        if last or (epoch + 1) % self.every == 0:
            with undisturbed(self.model):
                self.look(epoch + 1, {} if logs is None else logs)


@contextlib.contextmanager
def undisturbed(model: keras.Model) -> Iterator[None]:
    """Restores the states of the model's seed generators afterwards."""
    generators = replicas.seed_generators(model)
    states = [keras.ops.convert_to_tensor(generator.state).numpy().copy() for generator in generators]
    try:
        yield
    finally:
        for generator, state in zip(generators, states, strict=True):
            generator.state.assign(state)


def labels_to_sample(labels: Any, num_images: int) -> Any:
    """Returns the labels to sample with, one for each image, or None."""
    return None if labels is None else arrays.checked_labels(labels, "labels", num_images, names=False)
