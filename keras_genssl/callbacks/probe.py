"""What the callbacks that judge a representation during `fit` share."""

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

    They stand in the history in the epochs that were measured only; see `ImageMetrics`. Training is what it would
    have been without, to the bit: no weight, batch statistic or seed moves. A probe makes sure of the former, and
    raises where `encode` changes the model. In memory are the features of the labelled images, and what the measure
    itself needs. A subclass says in `measure` which numbers.

    Args:
        labelled: what to encode, each arrays ``(images, labels)`` or a finite dataset of batches with image and
            label, as `analysis.encode_labelled` takes them.
        every: epochs between measurements; the last epoch has one too.
        encode: function of float32 images ``(batch, h, w, c)`` in [-1, 1] to features ``(batch, ...)``, a network
            among them; None: the model's own ``encode``.
        batch_size: images encoded at once, positive.
        prefix: what stands before the names in the logs, such as ``"unseen_"``.

    Raises:
        ValueError: if an argument is invalid, arrays of images and labels at once; in `fit` where the model has no
            ``encode`` and none was given.
        RuntimeError: in `fit` where ``encode`` changed the model's weights.

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
        """The numbers by name, of features ``(num, dim)`` and labels ``(num,)`` of each of ``labelled``."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Refuse a model without ``encode`` before it is trained."""
        if self.encode is None and not callable(getattr(self.model, "encode", None)):
            raise ValueError(f"`encode` must be given: {type(self.model).__name__} has no `encode`. Received: None")

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Encode, measure, and put the numbers into the logs."""
        with unchanged(self.model):
            encode = self.model.encode if self.encode is None else self.encode
            encoded = [encode_labelled(encode, part, self.batch_size) for part in self.labelled]
        logs.update({self.prefix + name: value for name, value in self.measure(*encoded).items()})


@contextlib.contextmanager
def unchanged(
    model: keras.Model, rule: str = "`encode` must leave the model as it is: run networks with training=False."
) -> Iterator[None]:
    """Raise a RuntimeError, with the rule, at the end where a weight is another than at the beginning."""
    before = _digests(model)
    yield
    after = _digests(model)
    changed = [name for name, digest in after.items() if digest != before[name]]
    if changed:
        raise RuntimeError(f"{rule} Received: a change of {len(changed)} weights, {changed[:3]}")


def _digests(model: keras.Model) -> dict[str, str]:
    """A digest of each weight by path, in the memory of one."""
    return {
        f"{number}: {weight.path}": hashlib.sha256(keras.ops.convert_to_tensor(weight).numpy().tobytes()).hexdigest()
        for number, weight in enumerate(model.weights)
    }
