"""P x K sampling: batches of P classes with K examples each, in an order that can be resumed at any step."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.data.order import TRANSFORM, Order, hashes

_CLASSES, _MEMBERS = 3, 4  # purposes of hashes, next to those of `Order`


@dataclasses.dataclass(frozen=True)
class ClassBalanced:
    """Batches of P classes with K examples of each (P x K), class after class: `data.load(..., balance=...)`.

    A step takes `num_classes` distinct classes and `per_class` distinct examples of each. All classes come up
    equally often, whatever their sizes. Each round lists all classes in a random order and is cut into steps; the
    rest of a round, fewer than P classes, is left out. In the same way, the examples of a class are listed in random
    orders and drawn K at a time. An epoch has as many steps as are needed to draw as many examples as there are. In
    one epoch, an example of a small class may come up several times, and an example of a large class not at all.

    Args:
        num_classes: P, at least 1.
        per_class: K, at least 1.
        repeat: whether to use classes of fewer than K examples. By default they are left out. With `True`, their
            examples are repeated until there are K; copies of one image are then positives at distance 0.
        steps_per_epoch: the length of an epoch; `None` for the default described above.
        label: the name of the feature that holds the class, an integer.
        classes: the labels to draw from, for example to keep the other classes unseen; `None` for all.

    Raises:
        ValueError: if a number is not positive, or if `classes` are not integers or are fewer than P.

    Example:
        >>> from keras_genssl import data
        >>> arrays = {"image": np.zeros((6, 2, 2, 1), np.uint8), "label": np.array([0, 1, 2, 0, 1, 2])}
        >>> [batch["label"].numpy().tolist() for batch in data.load(arrays, balance=ClassBalanced(1, 2))]
        [[1, 1], [0, 0], [2, 2]]
    """

    num_classes: int
    per_class: int
    repeat: bool = False
    steps_per_epoch: int | None = None
    label: str = "label"
    classes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("num_classes", "per_class", "steps_per_epoch"):
            value = getattr(self, name)
            absent = name == "steps_per_epoch" and value is None
            if not absent and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ValueError(f"`{name}` must be an integer of at least 1. Received: {name}={value!r}")
        if self.classes is not None:
            object.__setattr__(self, "classes", tuple(self.classes))
            integers = all(isinstance(label, int) and not isinstance(label, bool) for label in self.classes)
            if not integers or len(set(self.classes)) < self.num_classes:
                raise ValueError(
                    f"`classes` must be integers, num_classes={self.num_classes} of them at least, or None. "
                    f"Received: classes={self.classes}"
                )

    @property
    def batch_size(self) -> int:
        """The number of examples in a batch, P x K."""
        return self.num_classes * self.per_class


class BalancedOrder(Order):
    """The order of P x K batches: like `Order`, a pure function of seed and epoch.

    Round r of an epoch sorts the classes by a hash of (seed, epoch, r, class). Cycle j of a class sorts its examples
    by a hash of (seed, epoch, j, id). The seed of an example's random transform is a hash of (seed, epoch, place in
    the epoch), so an example that comes up twice is transformed in two ways.

    Args:
        labels: integers (num_examples,), the class of each example.
        balance: the settings, such as P and K.
        seed: integer in [0, 2**64).
        identity: see `Order`.

    Attributes:
        classes: the labels that are drawn from, ascending, without the classes of too few examples.

    Raises:
        ValueError: if the labels are not integers, or if fewer than P classes have enough examples.
    """

    def __init__(
        self,
        labels: np.ndarray,
        balance: ClassBalanced,
        seed: int = 0,
        identity: Mapping[str, Any] | None = None,
    ):
        labels = checked_labels(labels, balance.label, names=False)
        described = {name: value for name, value in dataclasses.asdict(balance).items() if name != "classes"}
        if balance.classes is not None:
            described["classes"] = sorted(balance.classes)  # a list, since JSON has no tuples
        super().__init__(
            len(labels),
            balance.batch_size,
            seed,
            drop_remainder=False,
            identity={**(identity or {}), "balance": described},
        )
        self.drop_remainder = True
        present, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
        wanted = np.ones(len(present), bool) if balance.classes is None else np.isin(present, balance.classes)
        enough = np.flatnonzero(wanted & (counts >= (1 if balance.repeat else balance.per_class)))
        if len(enough) < balance.num_classes:
            advice = "" if balance.repeat else " (`repeat=True` takes smaller classes too)"
            raise ValueError(
                f"`num_classes` must not exceed the number of classes of at least per_class={balance.per_class} "
                f"examples, which is {len(enough)} of {wanted.sum()}{advice}. "
                f"Received: num_classes={balance.num_classes}"
            )
        members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1])
        self.classes = present[enough]
        self._members = [members[number] for number in enough]
        self._balance = balance

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches in an epoch."""
        return self._balance.steps_per_epoch or max(1, sum(map(len, self._members)) // self._balance.batch_size)

    def batch(self, epoch: int, step: int, num_steps: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Ids and transform seeds of one batch, or of several: two int64 arrays (P * K,), class after class."""
        size = self._balance.batch_size
        places = np.arange(step * size, (step + num_steps) * size)
        seeds = hashes(self.seed, epoch, TRANSFORM, places)
        return self.epoch(epoch)[places], (seeds >> np.uint64(1)).astype(np.int64)

    def substitutes(self, number: int, seed: int) -> Iterator[int]:
        """Yields the other ids of the class of an example that cannot be read, each once."""
        members = next(members for members in self._members if number in members)
        for other in np.roll(members, -(seed % len(members))).tolist():
            if other != number:
                yield other

    def _ids(self, epoch: int) -> np.ndarray:
        count, size, steps = self._balance.num_classes, self._balance.per_class, self.steps_per_epoch
        per_round, all_classes = len(self.classes) // count, np.arange(len(self.classes))
        rounds = []
        for number in range(-(-steps // per_round)):
            key = hashes(self.seed, epoch, _CLASSES, number * len(all_classes) + all_classes)
            rounds.append(np.argsort(key, kind="stable")[: per_round * count])
        drawn = np.concatenate(rounds)[: steps * count]  # the class of each visit
        ids = np.empty((steps * count, size), np.int64)
        visits = np.split(np.argsort(drawn, kind="stable"), np.cumsum(np.bincount(drawn, minlength=len(all_classes))))
        for members, places in zip(self._members, visits[:-1], strict=True):
            ids[places] = self._of_class(epoch, members, len(places), size)
        return ids.reshape(-1)

    def _of_class(self, epoch: int, members: np.ndarray, visits: int, size: int) -> np.ndarray:
        """Returns the examples of each visit to a class, (visits, size)."""
        per_cycle = max(1, len(members) // size)
        cycles = [np.empty((0, size), np.int64)]
        for number in range(-(-visits // per_cycle)):
            key = hashes(self.seed, epoch, _MEMBERS, number * self.num_examples + members)
            shuffled = members[np.argsort(key, kind="stable")]
            cycles.append(np.resize(shuffled, (per_cycle, size)))
        return np.concatenate(cycles)[:visits]
