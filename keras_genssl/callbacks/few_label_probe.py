"""Fits a linear classifier with few labels on the features of a model during training."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from keras_genssl.callbacks.probe import Labelled, Probe
from keras_genssl.metrics.few_labels import few_label_accuracy


class FewLabelProbe(Probe):
    """Puts ``few_label_accuracy_10`` and its deviation into the logs after epochs: `metrics.few_label_accuracy`.

    The names end in the number of known labels per class: ``few_label_accuracy_10``, ``few_label_deviation_10``. If
    several numbers are given, each gets an accuracy and a deviation, from the same features.

    Args:
        train: training images, of which a draw reveals few labels, arrays ``(images, labels)`` or a finite dataset, as
            `analysis.encode_labelled` takes them.
        test: test images, in the same forms.
        labels_per_class: number of known labels per class, a positive integer, or several.
        seeds: seeds of the draws of labels, one for each draw, the same at each measurement.
        penalty: penalty on the squared weights, positive, as in `metrics.linear_accuracy`.
        every, encode, batch_size, prefix: see `Probe`: epochs between measurements; a function of images, or None
            for the model's own ``encode``; images encoded at once; a prefix of the names in the logs.

    Raises:
        ValueError: if an argument is invalid; in `fit` if a class has fewer images.

    Example:

        probe = kg.callbacks.FewLabelProbe((images, labels), (test_images, test_labels), labels_per_class=(1, 10))
    """

    def __init__(
        self,
        train: Any,
        test: Any,
        labels_per_class: int | Sequence[int] = 10,
        seeds: Iterable[int] = range(5),
        penalty: float = 1.0,
        every: int = 5,
        encode: Callable[[Any], Any] | None = None,
        batch_size: int = 256,
        prefix: str = "",
    ) -> None:
        super().__init__((train, test), every, encode, batch_size, prefix)
        self._numbers = list(np.atleast_1d(np.asarray(labels_per_class)))
        if not self._numbers or not all(isinstance(number, np.integer) and number >= 1 for number in self._numbers):
            raise ValueError(
                "`labels_per_class` must be a positive integer, or several. "
                f"Received: labels_per_class={labels_per_class!r}"
            )
        if not penalty > 0:
            raise ValueError(f"`penalty` must be positive. Received: penalty={penalty}")
        self.labels_per_class, self.seeds, self.penalty = labels_per_class, list(seeds), penalty

    def measure(self, *encoded: Labelled) -> dict[str, float]:
        """Returns mean and deviation over the draws for each number of labels, from training and test features."""
        train, test = encoded
        values = {}
        for number in self._numbers:
            row = few_label_accuracy(*test, *train, number, self.seeds, self.penalty)
            values[f"few_label_accuracy_{number}"] = row["mean"]
            values[f"few_label_deviation_{number}"] = row["deviation"]
        return values
