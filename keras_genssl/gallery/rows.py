"""Vectors and the names beside them, taken up and forgotten at a cost that does not grow with those that are there."""

from collections.abc import Iterable, Sequence

import numpy as np


class Rows:
    """Named vectors in the order in which they came.

    New ones are written behind the others, into a buffer that doubles when it is full; forgotten ones are only marked,
    and left out when the buffer is full or all are looked at. So n vectors cost no more than 2n copies, one by one or
    all at once. Rows that were handed out are never written again.

    Args:
        vectors: float32 `(num, dim)`, which are the rows' own from now on.
        names: `num`, one for each.
    """

    def __init__(self, vectors: np.ndarray | None = None, names: Iterable[str] = ()) -> None:
        self._hold(np.empty((0, 0), np.float32) if vectors is None else vectors, list(names))

    def _hold(self, buffer: np.ndarray, names: list[str]) -> None:
        self._buffer = buffer
        self._names: list[str | None] = [*names]  # of each row of the buffer that is written; None: forgotten
        self._rows: dict[str, list[int]] = {}
        for row, name in enumerate(names):
            self._rows.setdefault(name, []).append(row)
        self._forgotten = 0

    def __len__(self) -> int:
        return len(self._names) - self._forgotten

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    @property
    def dim(self) -> int | None:
        """The length of a vector; None where there is none."""
        return self._buffer.shape[1] if len(self) else None

    @property
    def identities(self) -> list[str]:
        """Each name once, sorted."""
        return sorted(self._rows)

    @property
    def vectors(self) -> np.ndarray:
        """All vectors, float32 `(num, dim)`, not to be written to."""
        if self._forgotten:
            self._move(len(self))
        return self._buffer[: len(self._names)]

    @property
    def names(self) -> list[str]:
        """The name of each of `vectors`."""
        return [name for name in self._names if name is not None]

    def name(self, row: int) -> str:
        """The name beside a row of `vectors`."""
        return str(self._names[row])

    def of(self, name: str) -> np.ndarray:
        """A copy of the vectors of one name, in their order."""
        return self._buffer[self._rows[name]]

    def append(self, vectors: np.ndarray, names: Sequence[str]) -> None:
        """Takes up vectors behind the others; the first ones say how long all are."""
        if not len(self):
            self._hold(np.empty((0, vectors.shape[1]), np.float32), [])
        if len(self._names) + len(vectors) > len(self._buffer):
            self._move(max(2 * len(self), len(self) + len(vectors)))
        start = len(self._names)
        self._buffer[start : start + len(vectors)] = vectors
        for row, name in enumerate(names, start):
            self._rows.setdefault(name, []).append(row)
        self._names += names

    def forget(self, name: str, which: np.ndarray | None = None) -> int:
        """Leaves out the vectors of a name, all or those that a mask bool `(num_own,)` says: how many there were."""
        own = np.array(self._rows.pop(name))
        chosen = np.ones(len(own), bool) if which is None else which
        if not chosen.all():
            self._rows[name] = own[~chosen].tolist()
        for row in own[chosen].tolist():
            self._names[row] = None
        self._forgotten += int(chosen.sum())
        return int(chosen.sum())

    def copy(self) -> "Rows":
        """Rows of their own."""
        return Rows(self.vectors.copy(), self.names)

    def _move(self, capacity: int) -> None:
        """Into a buffer for so many, without those that are forgotten."""
        kept = [row for row, name in enumerate(self._names) if name is not None]
        buffer = np.empty((capacity, self._buffer.shape[1]), np.float32)
        np.take(self._buffer, kept, axis=0, out=buffer[: len(kept)], mode="clip")  # "raise" would copy once more
        self._hold(buffer, self.names)
