"""The restartable order of examples: a pure function of (seed, epoch), and a position in it.

    order = Order(num_examples=1000, batch_size=32, seed=7)
    ids, seeds = order.batch(epoch=3, step=10)      # without drawing what comes before

A dataset of `data.load` has an order: its iterations start at `order.position`, and an iteration whose last
batch was taken moves the position to the next epoch. To continue elsewhere, set `order.position = (epoch,
step)`."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ORDER, TRANSFORM, _SET = 1, 2, 5  # purposes of hashes; `balanced` has others


def _mix(x: np.ndarray) -> np.ndarray:
    """The output function of splitmix64 (Steele, Lea and Flood, 2014), a bijection of 64-bit integers."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def hashes(seed: int, epoch: int | np.ndarray, purpose: int, ids: np.ndarray) -> np.ndarray:
    """Returns the uint64 hash of (seed, epoch, purpose, id): state = mix(state + golden + word), word by word."""
    state = np.zeros(1, np.uint64)
    for word in (seed, epoch, purpose):
        state = _mix(state + _GOLDEN + np.asarray(word, np.uint64))
    return _mix(state + _GOLDEN + ids.astype(np.uint64))


class Order:
    """Says which examples make up batch `step` of epoch `epoch`, and where the next iteration starts.

    Epoch e of a shuffled order lists the ids sorted by the 64-bit hash of (seed, e, id), so no version of a random
    generator can change it. The seed of an example's random transform is another hash of (seed, epoch, id). It
    depends neither on the batch size nor on the worker that computes it.

    Args:
        num_examples: number of examples; their ids are 0 ... num_examples - 1.
        batch_size: examples in a step, or `None` for one.
        seed: integer in [0, 2**64).
        shuffle: `False` for ascending ids in every epoch.
        drop_remainder: drop the last, incomplete batch of an epoch.
        identity: describes the examples (JSON values by name). It becomes part of `config` and does not change the
            order.

    Raises:
        ValueError: if an argument is outside its range, or if an epoch would hold no batch.

    Example:
        >>> order = Order(num_examples=5, batch_size=2, shuffle=False, drop_remainder=False)
        >>> order.batch(epoch=0, step=2)[0].tolist(), order.steps_per_epoch
        ([4], 3)
    """

    def __init__(
        self,
        num_examples: int,
        batch_size: int | None = None,
        seed: int = 0,
        shuffle: bool = True,
        drop_remainder: bool = True,
        identity: Mapping[str, Any] | None = None,
    ):
        for name, value, low in (
            ("num_examples", num_examples, 1),
            ("batch_size", 1 if batch_size is None else batch_size, 1),
            ("seed", seed, 0),
        ):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
                raise ValueError(f"`{name}` must be an integer of at least {low}. Received: {name}={value!r}")
        if seed >= 2**64:
            raise ValueError(f"`seed` must be below 2**64. Received: seed={seed}")
        if drop_remainder and batch_size is not None and batch_size > num_examples:
            raise ValueError(
                "`batch_size` must not exceed the number of examples where drop_remainder=True. "
                f"Received: batch_size={batch_size}, with {num_examples} examples"
            )
        self.num_examples = int(num_examples)
        self.batch_size = None if batch_size is None else int(batch_size)
        self.seed = int(seed)
        self.shuffle = bool(shuffle)
        self.drop_remainder = bool(drop_remainder)
        self._identity = dict(identity or {})
        self._step_size = self.batch_size or 1
        self._position = (0, 0)
        self._ticket = 0
        self._lock = threading.Lock()
        self._epochs: dict[int, np.ndarray] = {}

    @property
    def config(self) -> dict[str, Any]:
        """The arguments and the identity, as JSON values. Two orders with equal configs are equal."""
        names = ("num_examples", "batch_size", "seed", "shuffle", "drop_remainder")
        return {name: getattr(self, name) for name in names} | self._identity

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches in an epoch."""
        whole, rest = divmod(self.num_examples, self._step_size)
        return whole + (rest > 0 and not self.drop_remainder)

    @property
    def position(self) -> tuple[int, int]:
        """(epoch, step) at which the next iteration starts; the end of an epoch is the start of the next."""
        return self._position

    @position.setter
    def position(self, value: tuple[int, int]) -> None:
        epoch, step = value
        if epoch < 0 or not 0 <= step <= self.steps_per_epoch:
            raise ValueError(
                f"`position` must be (epoch, step) with epoch >= 0 and 0 <= step <= {self.steps_per_epoch}. "
                f"Received: position={value}"
            )
        with self._lock:
            self._move(int(epoch), int(step))

    def _move(self, epoch: int, step: int) -> None:
        self._position = (epoch + 1, 0) if step == self.steps_per_epoch else (epoch, step)
        self._ticket += 1

    def epoch(self, epoch: int) -> np.ndarray:
        """Returns all ids in the order of an epoch: int64 (num_examples,)."""
        if not self.shuffle:
            epoch = 0
        with self._lock:
            if epoch not in self._epochs:
                ids = self._ids(epoch)
                while len(self._epochs) > 1:  # an epoch's last steps may still be read while the next begins
                    self._epochs.pop(next(iter(self._epochs)))
                self._epochs[epoch] = ids
            return self._epochs[epoch]

    def _ids(self, epoch: int) -> np.ndarray:
        ids = np.arange(self.num_examples, dtype=np.int64)
        return np.argsort(hashes(self.seed, epoch, _ORDER, ids), kind="stable") if self.shuffle else ids

    def batch(self, epoch: int, step: int, num_steps: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Returns ids and transform seeds of one batch: two int64 arrays (batch,), the seeds non-negative.

        With `num_steps`, those of as many batches from this one on, one after the other.
        """
        ids = self.epoch(epoch)[step * self._step_size : (step + num_steps) * self._step_size]
        return ids, (hashes(self.seed, epoch, TRANSFORM, ids) >> np.uint64(1)).astype(np.int64)

    def substitutes(self, number: int, seed: int) -> Iterator[int]:
        """Yields all other ids, each once, as candidates to replace an example that cannot be read.

        Args:
            number: the id of the example to replace.
            seed: the seed of its transform. It sets the first candidate of a shuffled order; without a shuffle, the
                first candidate is the next id.
        """
        first = seed if self.shuffle else number + 1
        for step in range(self.num_examples):
            other = (first + step) % self.num_examples
            if other != number:
                yield other

    def start(self) -> tuple[int, int, int]:
        """Begins an iteration and returns (epoch, step, ticket)."""
        with self._lock:
            return (*self._position, self._ticket)

    def finish(self, ticket: int) -> None:
        """Ends an iteration: moves to the next epoch, unless the position was moved since the iteration began.

        Abandoned iterators (Keras makes one more at the end of each epoch) may therefore finish late without harm.
        """
        with self._lock:
            if ticket == self._ticket:
                self._move(self._position[0] + 1, 0)


class UnalignedOrder(Order):
    """Orders several unrelated sets of examples, each with an order of its own.

    An epoch has as many examples as the largest set. A smaller set starts over as often as needed, in another order
    each time, and starts over in the next epoch. If a set has n examples and the largest set has N, an epoch makes
    ceil(N / n) passes through the set. Pass p of epoch e is epoch e * ceil(N / n) + p of `Order(n, seed=...)`, whose
    seed is the hash of (`seed`, position of the set).

    Args:
        sizes: the number of examples of each set.
        batch_size: examples of each set in a step, or `None` for one.
        seed: integer in [0, 2**64).
        shuffle: `False` for ascending ids, which start over with each epoch.
        drop_remainder: drop the last, incomplete batch of an epoch.
        identity: describes the examples; see `Order`.

    Attributes:
        orders: the `Order` of each set.

    Example:
        >>> order = UnalignedOrder([5, 2], batch_size=3, shuffle=False, drop_remainder=False)
        >>> [order.batch(0, step)[0].T.tolist() for step in range(2)]
        [[[0, 1, 2], [0, 1, 0]], [[3, 4], [1, 0]]]
    """

    def __init__(
        self,
        sizes: Sequence[int],
        batch_size: int | None = None,
        seed: int = 0,
        shuffle: bool = True,
        drop_remainder: bool = True,
        identity: Mapping[str, Any] | None = None,
    ):
        super().__init__(max(sizes), batch_size, seed, shuffle, drop_remainder, identity)
        seeds = hashes(self.seed, 0, _SET, np.arange(len(sizes))).tolist()
        self.orders = [Order(size, None, own, shuffle) for size, own in zip(sizes, seeds, strict=True)]

    def batch(self, epoch: int, step: int, num_steps: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Returns ids and transform seeds of one batch, or of several: two int64 arrays `(batch, num_sets)`."""
        ids = self.epoch(epoch)[step * self._step_size : (step + num_steps) * self._step_size]
        places = step * self._step_size + np.arange(len(ids))
        seeds = [
            hashes(order.seed, epoch * self._passes(order) + places // order.num_examples, TRANSFORM, column)
            for order, column in zip(self.orders, ids.T, strict=True)
        ]
        return ids, (np.stack(seeds, axis=1) >> np.uint64(1)).astype(np.int64)

    def _passes(self, order: Order) -> int:
        return -(-self.num_examples // order.num_examples)

    def _ids(self, epoch: int) -> np.ndarray:
        columns = []
        for order in self.orders:
            passes = self._passes(order)
            ids = [order._ids(number) for number in range(epoch * passes, (epoch + 1) * passes)]
            columns.append(np.concatenate(ids)[: self.num_examples])
        return np.stack(columns, axis=1)
