"""The rows of a gallery: in memory and on disk."""

import dataclasses
import os
import pathlib
import uuid
import zipfile
from collections.abc import Iterable, Sequence

import numpy as np

from keras_genssl.gallery.matches import checked


class Rows:
    """Named vectors in the order in which they came.

    New vectors are appended to a buffer that doubles when it is full. Removed vectors are only marked; they are dropped
    when the buffer is full or all vectors are read. So n vectors cost at most 2n copies, one by one or all at once.
    Rows that were handed out are never overwritten.

    Args:
        vectors: float32 `(num, dim)`, which the object owns from now on.
        names: `num` names, one for each vector.
    """

    def __init__(self, vectors: np.ndarray | None = None, names: Iterable[str] = ()) -> None:
        self._hold(np.empty((0, 0), np.float32) if vectors is None else vectors, list(names))

    def _hold(self, buffer: np.ndarray, names: list[str]) -> None:
        self._buffer = buffer
        self._names: list[str | None] = [*names]  # the name of each written row of the buffer; None: removed
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
        """The length of a vector; None without vectors."""
        return self._buffer.shape[1] if len(self) else None

    @property
    def identities(self) -> list[str]:
        """Returns each name once, sorted."""
        return sorted(self._rows)

    @property
    def vectors(self) -> np.ndarray:
        """Returns all vectors, float32 `(num, dim)`; do not write to them."""
        if self._forgotten:
            self._move(len(self))
        return self._buffer[: len(self._names)]

    @property
    def names(self) -> list[str]:
        """Returns the name of each of `vectors`."""
        return [name for name in self._names if name is not None]

    def name(self, row: int) -> str:
        """Returns the name of a row of `vectors`."""
        return str(self._names[row])

    def of(self, name: str) -> np.ndarray:
        """Returns a copy of the vectors of one name, in their order."""
        return self._buffer[self._rows[name]]

    def append(self, vectors: np.ndarray, names: Sequence[str]) -> None:
        """Appends vectors. The first ones set the length of all."""
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
        """Removes the vectors of a name, all or those of a mask bool `(num_own,)`, and returns their number."""
        own = np.array(self._rows.pop(name))
        chosen = np.ones(len(own), bool) if which is None else which
        if not chosen.all():
            self._rows[name] = own[~chosen].tolist()
        for row in own[chosen].tolist():
            self._names[row] = None
        self._forgotten += int(chosen.sum())
        return int(chosen.sum())

    def copy(self) -> "Rows":
        """Returns an independent copy."""
        return Rows(self.vectors.copy(), self.names)

    def _move(self, capacity: int) -> None:
        """Moves the vectors that are not removed into a buffer of a given capacity."""
        kept = [row for row, name in enumerate(self._names) if name is not None]
        buffer = np.empty((capacity, self._buffer.shape[1]), np.float32)
        np.take(self._buffer, kept, axis=0, out=buffer[: len(kept)], mode="clip")  # "raise" would copy once more
        self._hold(buffer, self.names)


_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Stored:
    """The stored content of a gallery; its attributes are those of `Gallery`.

    Raises:
        ValueError: if they do not make a valid gallery.
    """

    embeddings: np.ndarray
    identities: np.ndarray
    threshold: float | None
    normalize: bool
    encoder: str

    def __post_init__(self) -> None:
        if self.embeddings.ndim != 2 or self.identities.shape != self.embeddings.shape[:1]:
            raise ValueError(
                "`embeddings` must be (num, dim), and `identities` a name for each. "
                f"Received: shapes {self.embeddings.shape} and {self.identities.shape}"
            )
        if not np.isfinite(self.embeddings).all():
            raise ValueError("`embeddings` must be finite. Received: NaN or infinity among them")
        checked(self.threshold)


def write(path: str | os.PathLike[str], stored: Stored) -> pathlib.Path:
    """Writes the file. A reader sees the old file or the new one, never a partial one."""
    target = pathlib.Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part-{uuid.uuid4().hex}")
    try:
        with open(part, "wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                format=_FORMAT,
                embeddings=stored.embeddings,
                identities=stored.identities,
                threshold=np.nan if stored.threshold is None else stored.threshold,
                normalize=stored.normalize,
                encoder=np.str_(stored.encoder),
            )
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def read(path: str | os.PathLike[str]) -> Stored:
    """Reads a file that `write` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not a gallery, or is damaged.
    """
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            saved = {name: file[name] for name in file.files}
        if int(saved["format"]) != _FORMAT:
            raise ValueError(f"format {saved['format']}")
        return Stored(
            embeddings=saved["embeddings"].astype(np.float32, copy=False),
            identities=saved["identities"].astype(np.str_, copy=False),
            threshold=None if np.isnan(saved["threshold"]) else float(saved["threshold"]),
            normalize=bool(saved["normalize"]),
            encoder=str(saved["encoder"]),
        )
    except (ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        reason = f"It is not, or is damaged: {error}"
        raise ValueError(f"{os.fspath(path)} must be a gallery that `save` wrote. {reason}") from error
