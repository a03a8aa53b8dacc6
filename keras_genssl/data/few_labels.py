"""Data sets of which few labels are known: all other examples have the label -1."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.checks.numbers import whole
from keras_genssl.data.order import TRANSFORM, Order, hashes
from keras_genssl.data.sources import Source
from keras_genssl.labelled_subset import labelled_subset

_LABELLED = 6  # a purpose of hashes, next to those of `Order` and `BalancedOrder`


@dataclasses.dataclass(frozen=True)
class FewLabels:
    """Keeps the labels of a few examples of each class, and makes all others -1: `data.load(..., few_labels=...)`.

    The labelled examples are those of `metrics.labelled_subset` with the same number and seed. Methods that take -1 for
    "no label" (`kinds.Label(unlabelled=True)`) learn from all images and these labels.

    A hundred labels among 60,000 images come up rarely. With `per_batch`, every batch holds that many labelled
    examples, which come up again and again, spread among unlabelled ones, of which an epoch holds each once. Your own
    partly labelled images, with -1 for no label, get such batches by `FewLabels(None, per_batch=32)`.

    Args:
        labels_per_class: The number of labels to keep of each class, at least 1; None for all of them, whatever the
            `seed`.
        seed: The seed of the draw; the order of the examples has a seed of its own.
        per_batch: The number of labelled examples in each batch, at least 1; None: as they come.
        label: The name of the feature that holds the class, an integer.

    Raises:
        ValueError: If a number is not a positive integer.

    Example:
        >>> from keras_genssl import data
        >>> arrays = {"image": np.zeros((6, 2, 2, 1), np.uint8), "label": np.array([0, 1, 1, 0, 0, 1])}
        >>> batches = data.load(arrays, batch_size=6, shuffle=False, few_labels=FewLabels(1, seed=0))
        >>> next(iter(batches))["label"].numpy().tolist()
        [-1, -1, 1, -1, 0, -1]
    """

    labels_per_class: int | None
    seed: int = 0
    per_batch: int | None = None
    label: str = "label"

    def __post_init__(self) -> None:
        for name, value in (("labels_per_class", self.labels_per_class), ("per_batch", self.per_batch)):
            if value is not None:
                whole(name, value)
        whole("seed", self.seed, 0)

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
        if not len(known):
            raise ValueError(
                f"`{self.label}` must be known of one example at least. "
                f"Received: {len(labels)} examples without a label"
            )
        kept = known
        if self.labels_per_class is not None:
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


class LabelledOrder(Order):
    """The order of batches with a fixed number of labelled examples: like `Order`, a pure function of seed and epoch.

    An epoch lists the unlabelled examples as `Order` does, and puts as many in each batch as it has room for. Labelled
    example i of a batch is its row `i * batch_size // per_batch`. So equal parts of a batch, one for each replica, hold
    equally many labelled examples, give or take one. Cycle j of the labelled examples sorts them by a hash of
    (seed, epoch, j, id). The seed of an example's random transform is a hash of (seed, epoch, place in the epoch), so
    an example that comes up twice is transformed in two ways.

    Args:
        labels: Integers `(num_examples,)`, negative for examples without a label.
        batch_size: The number of examples in a step.
        per_batch: How many of them are labelled.
        seed: Integer in [0, 2**64).
        identity: See `Order`.

    Raises:
        ValueError: If no example has a label, or all have one; if a batch has no room for an unlabelled example, or
            there are fewer of these than it has room for.

    Example:
        >>> order = LabelledOrder([-1, 3, -1, -1, -1], batch_size=3, per_batch=1)
        >>> [int(order.batch(0, step)[0][0]) for step in range(order.steps_per_epoch)]
        [1, 1]
    """

    def __init__(
        self,
        labels: npt.ArrayLike,
        batch_size: int,
        per_batch: int,
        seed: int = 0,
        identity: Mapping[str, Any] | None = None,
    ) -> None:
        labels = checked_labels(labels, names=False)
        identity = {**(identity or {}), "labelled_per_batch": per_batch}
        super().__init__(len(labels), batch_size, seed, drop_remainder=True, identity=identity)
        self._labelled, self._others = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
        self._per_batch, self._room = per_batch, batch_size - per_batch
        if not len(self._others):
            raise ValueError(
                "`per_batch` must be None where every example has a label, for it takes others to fill the batches: "
                f"leave it out, or keep fewer labels. Received: per_batch={per_batch}, with {len(labels)} labelled "
                "examples"
            )
        if not 1 <= self._room <= len(self._others):
            raise ValueError(
                f"`per_batch` must leave room in a batch for 1 ... {len(self._others)} examples without a label. "
                f"Received: per_batch={per_batch}, with batch_size={batch_size}"
            )
        if not len(self._labelled):
            raise ValueError("`labels` must hold one at least that is not negative. Received: none")

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches in an epoch."""
        return len(self._others) // self._room

    def batch(self, epoch: int, step: int, num_steps: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Returns ids and transform seeds of one batch, or of several: two int64 arrays `(batch,)`."""
        places = np.arange(step * self._step_size, (step + num_steps) * self._step_size)
        seeds = hashes(self.seed, epoch, TRANSFORM, places)
        return self.epoch(epoch)[places], (seeds >> np.uint64(1)).astype(np.int64)

    def substitutes(self, number: int, seed: int) -> Iterator[int]:
        """Yields the other ids of the same part, labelled or not, each once."""
        members = self._labelled if number in self._labelled else self._others
        for other in np.roll(members, -(seed % len(members))).tolist():
            if other != number:
                yield other

    def _ids(self, epoch: int) -> np.ndarray:
        steps = self.steps_per_epoch
        count = steps * self._per_batch
        cycles = np.arange(-(-count // len(self._labelled)))[:, np.newaxis]
        keys = hashes(self.seed, epoch, _LABELLED, (cycles * self.num_examples + self._labelled).ravel())
        orders = np.argsort(keys.reshape(len(cycles), -1), axis=1, kind="stable")
        everyone = super()._ids(epoch)
        others = everyone[np.isin(everyone, self._others)][: steps * self._room]
        known = np.zeros(self._step_size, bool)
        known[np.arange(self._per_batch) * self._step_size // self._per_batch] = True
        ids = np.empty((steps, self._step_size), np.int64)
        ids[:, known] = self._labelled[orders].ravel()[:count].reshape(steps, -1)
        ids[:, ~known] = others.reshape(steps, -1)
        return ids.ravel()
