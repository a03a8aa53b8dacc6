"""Measures how well the encoder serves as the start of a classifier, during training."""

from typing import Any

import keras
import numpy as np

from keras_genssl.analysis.few_labels import fine_tuned_accuracy
from keras_genssl.analysis.labelled import labelled_batches, require_labelled
from keras_genssl.callbacks.periodic import Periodic
from keras_genssl.callbacks.probes import Labelled, unchanged


class FineTuningProbe(Periodic):
    """Puts ``fine_tuned_accuracy_10`` into the logs after epochs: `analysis.fine_tuned_accuracy` of a *copy*.

    The name ends in the number of known labels per class; with all labels it is ``fine_tuned_accuracy``. Each
    measurement trains a new classifier from the current encoder, so this is the most expensive probe. Training of the
    model is unchanged, to the bit: no weight, batch statistic or seed of the model changes, and the probe checks it.
    During a measurement all labelled images are in memory, also those of a dataset.

    Args:
        train: training images, arrays ``(images, labels)`` or a finite dataset, as `analysis.encode_labelled` takes
            them.
        test: test images, in the same forms.
        labels_per_class: number of known labels per class, positive; None for all.
        steps, batch_size, learning_rate, seed: see `analysis.fine_tuned_accuracy`; the same at each measurement.
        every: epochs between measurements. The last epoch is always measured.
        encoder: a built functional or sequential `keras.Model`, images in [-1, 1] to codes ``(batch, ...)``; None for
            the model's own ``encoder``.
        prefix: prefix of the name in the logs.

    Raises:
        ValueError: if an argument is invalid; in `fit` if the model has no ``encoder`` and none was given, or if
            a class has fewer images.
        RuntimeError: in `fit` if a weight of the model or of the encoder changed.

    Example:

        probe = kg.callbacks.FineTuningProbe((images, labels), (test_images, test_labels), every=10)
    """

    def __init__(
        self,
        train: Any,
        test: Any,
        labels_per_class: int | None = 10,
        steps: int = 500,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        seed: int = 0,
        every: int = 10,
        encoder: keras.Model | None = None,
        prefix: str = "",
    ) -> None:
        super().__init__(every)
        counts = {"steps": steps, "batch_size": batch_size}
        if labels_per_class is not None:
            counts["labels_per_class"] = labels_per_class
        for name, value in counts.items():
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
        if not learning_rate > 0:
            raise ValueError(f"`learning_rate` must be positive. Received: learning_rate={learning_rate}")
        for part in (train, test):
            require_labelled(part)
        if encoder is not None:
            _check(encoder)
        self.train, self.test, self.labels_per_class, self.encoder = train, test, labels_per_class, encoder
        self.steps, self.batch_size, self.learning_rate, self.seed = steps, batch_size, learning_rate, seed
        self.prefix = prefix

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Raises, before training, if the model has no ``encoder`` to copy."""
        if self.encoder is None:
            _check(getattr(self.model, "encoder", None), type(self.model).__name__)

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Tunes a copy, measures its accuracy, and puts that into the logs."""
        encoder = self.model.encoder if self.encoder is None else self.encoder
        rule = "Tuning a copy must leave the model as it is: its layers may not share weights with their copies."
        with unchanged(self.model, rule), unchanged(encoder, rule):
            accuracy = fine_tuned_accuracy(
                encoder,
                _gathered(self.train),
                _gathered(self.test),
                self.labels_per_class,
                steps=self.steps,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                seed=self.seed,
            )
        known = "" if self.labels_per_class is None else f"_{self.labels_per_class}"
        logs[f"{self.prefix}fine_tuned_accuracy{known}"] = accuracy


def _check(encoder: Any, owner: str = "") -> None:
    if not isinstance(encoder, keras.Model) or not encoder.built:
        what = type(encoder).__name__ if encoder is not None else "None"
        raise ValueError(
            "`encoder` must be a built keras.Model of images, or None where the model has one as its `encoder`. "
            f"Received: {what}" + (f", of {owner}" if owner else "")
        )


def _gathered(labelled: Any) -> Labelled:
    """Returns all images, in their dtype, and all labels."""
    images, labels = zip(*labelled_batches(labelled), strict=True)
    return (images[0], labels[0]) if len(images) == 1 else (np.concatenate(images), np.concatenate(labels))
