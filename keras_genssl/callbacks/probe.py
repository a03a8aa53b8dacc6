"""The base of callbacks that measure a representation during `fit`."""

import abc
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from keras_genssl.analysis.labelled import encode_labelled, require_labelled
from keras_genssl.callbacks.periodic import Periodic

Labelled = tuple[np.ndarray, np.ndarray]


class Probe(Periodic):
    """Base of callbacks that measure features of labelled images after epochs, and put numbers into the logs.

    The history holds the numbers of measured epochs only; see `ImageMetrics`. Training is unchanged, to the bit: no
    weight, batch statistic or seed changes. A probe raises if `encode` changes the weights of the model. Memory holds
    the features of the labelled images, and what the measure itself needs. A subclass computes its numbers in
    `measure`.

    Args:
        labelled: the sets to encode, each as arrays ``(images, labels)`` or as a finite dataset of batches with image
            and label, as `analysis.encode_labelled` takes them.
        every: epochs between measurements. The last epoch is always measured.
        encode: function or network from float32 images ``(batch, h, w, c)`` in [-1, 1] to features ``(batch, ...)``;
            None for the model's own ``encode``.
        batch_size: images encoded at once, positive.
        prefix: prefix of the names in the logs, such as ``"unseen_"``.

    Raises:
        ValueError: if an argument is invalid (arrays of images and labels are checked at once); in `fit` if the model
            has no ``encode`` and none was given.
        RuntimeError: in `fit` if ``encode`` changed the model's weights.

    Example:

        class Spread(kg.callbacks.Probe):
            def measure(self, *encoded):
                ((features, labels),) = encoded
                return {"spread": float(features.std(axis=0).mean())}

        model.fit(dataset, epochs=20, callbacks=[Spread(((images, labels),), every=5)])
    """

    def __init__(
        self,
        labelled: tuple[Any, ...],
        every: int = 5,
        encode: Callable[[Any], Any] | None = None,
        batch_size: int = 256,
        prefix: str = "",
    ) -> None:
        super().__init__(every)
        if encode is not None and not callable(encode):
            raise ValueError(f"`encode` must be a function of images or None. Received: encode={encode!r}")
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be positive. Received: batch_size={batch_size}")
        for part in labelled:
            require_labelled(part)
        self.labelled, self.encode, self.batch_size, self.prefix = labelled, encode, batch_size, prefix

    @abc.abstractmethod
    def measure(self, *encoded: Labelled) -> dict[str, float]:
        """Returns the numbers by name, from features ``(num, dim)`` and labels ``(num,)`` of each of ``labelled``."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Raises, before training, if the model has no ``encode``."""
        if self.encode is None and not callable(getattr(self.model, "encode", None)):
            raise ValueError(f"`encode` must be given: {type(self.model).__name__} has no `encode`. Received: None")

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Encodes, measures, and puts the numbers into the logs."""
        with unchanged(self.model):
            encode = self.model.encode if self.encode is None else self.encode
            encoded = [encode_labelled(encode, part, self.batch_size) for part in self.labelled]
        logs.update({self.prefix + name: value for name, value in self.measure(*encoded).items()})


@contextlib.contextmanager
def unchanged(
    model: keras.Model, rule: str = "`encode` must leave the model as it is: run networks with training=False."
) -> Iterator[None]:
    """Raises a RuntimeError, which states the rule, if a weight changed between the beginning and the end."""
    before = _digests(model)
    yield
    after = _digests(model)
    changed = [name for name, digest in after.items() if digest != before[name]]
    if changed:
        raise RuntimeError(f"{rule} Received: a change of {len(changed)} weights, {changed[:3]}")


def _digests(model: keras.Model) -> dict[str, str]:
    """Returns a digest of each weight by path, with at most one weight in memory."""
    return {
        f"{number}: {weight.path}": hashlib.sha256(keras.ops.convert_to_tensor(weight).numpy().tobytes()).hexdigest()
        for number, weight in enumerate(model.weights)
    }
