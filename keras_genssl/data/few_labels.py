"""Data sets of which few labels are known: all other examples have the label -1."""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.data.sources import Source
from keras_genssl.labelled_subset import labelled_subset


@dataclasses.dataclass(frozen=True)
class FewLabels:
    """Keeps the labels of a few examples of each class, and makes all others -1: `data.load(..., few_labels=...)`.

    The labelled examples are those of `metrics.labelled_subset` with the same number and seed. Methods that take -1 for
    "no label" (`kinds.Label(unlabelled=True)`) learn from all images and these labels.

    Args:
        labels_per_class: The number of labels to keep of each class, at least 1.
        seed: The seed of the draw; the order of the examples has a seed of its own.
        label: The name of the feature that holds the class, an integer.

    Raises:
        ValueError: If `labels_per_class` is not a positive integer.

    Example:
        >>> from keras_genssl import data
        >>> arrays = {"image": np.zeros((6, 2, 2, 1), np.uint8), "label": np.array([0, 1, 1, 0, 0, 1])}
        >>> batches = data.load(arrays, batch_size=6, shuffle=False, few_labels=FewLabels(1, seed=0))
        >>> next(iter(batches))["label"].numpy().tolist()
        [-1, -1, 1, -1, 0, -1]
    """

    labels_per_class: int
    seed: int = 0
    label: str = "label"

    def __post_init__(self) -> None:
        number = self.labels_per_class
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(
                f"`labels_per_class` must be an integer of at least 1. Received: labels_per_class={number!r}"
            )

    def marked(self, labels: npt.ArrayLike) -> np.ndarray:
        """Labels with -1 for those that are not kept.

        Args:
            labels: Integers `(num,)`. Negative ones count as unknown, and are never drawn.

        Returns:
            int64 `(num,)`.

        Raises:
            ValueError: If labels are not integers, none is known, or a class has fewer than `labels_per_class`.
        """
        labels = checked_labels(labels, self.label, names=False)
        known = np.flatnonzero(labels >= 0)
        kept = known[labelled_subset(labels[known], self.labels_per_class, self.seed)]
        marked = np.full(len(labels), -1, np.int64)
        marked[kept] = labels[kept]
        return marked


class FewLabelSource:
    """A source whose examples are those of another, with few known labels.

    Args:
        source: Where the examples are.
        few_labels: Which labels are kept.

    Raises:
        ValueError: As in `FewLabels.marked`; or if the source has no such labels.
    """

    def __init__(self, source: Source, few_labels: FewLabels) -> None:
        self._source = source
        self._name = few_labels.label
        self._labels = few_labels.marked(source.labels(self._name))
        spec = tf.TensorSpec((), tf.int64)
        self.stored = (*source.stored, spec)
        self.decoded = None if source.decoded is None else {**source.decoded, self._name: spec}
        self.by_batch = source.by_batch
        self.class_names = source.class_names
        self.identity = hashlib.sha256(source.identity.encode() + self._labels.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self._source)

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns what is stored of the examples, then their labels."""
        return [*self._source.read(ids), self._labels[ids]]

    def decode(self, stored: Sequence[Any]) -> dict[str, Any]:
        """Decodes an example, and gives it its label."""
        return {**self._source.decode(stored[:-1]), self._name: stored[-1]}

    def labels(self, name: str) -> np.ndarray:
        """Returns an integer feature of all examples; of the labels, those that are kept."""
        return self._labels if name == self._name else self._source.labels(name)

    def title(self, number: int) -> str:
        """Returns what the source calls the example."""
        return self._source.title(number)
