"""A gallery of people: embeddings of photographs with names."""

import difflib
import os
import pathlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.gallery import rows
from keras_genssl.gallery.matches import (
    Calibration,
    Match,
    Search,
    calibrate_threshold,
    checked,
    squared_distances,
    vote,
)
from keras_genssl.gallery.rows import Rows
from keras_genssl.pretext.names import canonical

SAME = 1e-6
"""Two computations of the embedding of one photograph differ by at most this in each number."""


class Gallery:
    """Embeddings of photographs with the names of the people on them.

    A gallery answers the questions of face recognition: *who is it* (`identify`), *are these two the same* (`verify`).
    It adds *a new person from one photograph* without training (`enrol`), and a threshold (`calibrate`) tells it which
    people are *unknown*. Distances are Euclidean. The search is exact, by NumPy, or by FAISS if it is installed, with
    the same results. Enrolling n photographs takes time proportional to n, one by one or all at once. Threads may share
    a gallery.

    Names that are equivalent in Unicode (composed and decomposed accents) belong to one person. Answers have names in
    form NFC.

    Args:
        normalize: whether embeddings are divided by their L2 norm, here and in every query. Distances then lie in
            [0, 2], and their order is that of the cosine.
        encoder: a description of the encoder that made the embeddings. It is saved with the gallery, since embeddings
            of different encoders cannot be compared.
        faiss: whether to search with FAISS; None to use it if it is installed.

    Attributes:
        threshold: the largest distance that `identify` and `verify` accept, set by `calibrate` or by hand. None for no
            threshold: nobody is then unknown to `identify`.

    Example:
        >>> people = Gallery()
        >>> people.enrol([[1.0, 0.0], [0.0, 1.0]], ["anna", "bert"])
        >>> people.threshold = 0.5
        >>> [match.identity for match in people.identify([[0.9, 0.1], [-1.0, 0.0]])]
        ['anna', None]
    """

    def __init__(self, normalize: bool = True, encoder: str = "", faiss: bool | None = None) -> None:
        self.normalize = bool(normalize)
        self.encoder = str(encoder)
        self.threshold: float | None = None
        self._faiss = faiss
        self._rows = Rows()
        self._search: Search | None = None
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        """Returns the state of a copy or a pickle."""
        with self._lock:
            return {**vars(self), "_rows": self._rows.copy(), "_search": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.RLock())

    def __len__(self) -> int:
        """Returns the number of photographs."""
        with self._lock:
            return len(self._rows)

    def __contains__(self, identity: object) -> bool:
        """Tells whether somebody has this name."""
        with self._lock:
            return isinstance(identity, str) and canonical(identity) in self._rows

    @property
    def identities(self) -> list[str]:
        """Everybody's name, sorted."""
        with self._lock:
            return self._rows.identities

    def embeddings(self, identity: str) -> np.ndarray:
        """Returns the embeddings of a person's photographs, float32 `(num, dim)`.

        Raises:
            ValueError: if nobody has this name.
        """
        with self._lock:
            return self._rows.of(*self._known([identity]))

    def enrol(self, embeddings: npt.ArrayLike, identities: str | Sequence[str], add: bool = False) -> None:
        """Adds photographs; one is enough for a person.

        Args:
            embeddings: `(num, dim)`, or `(dim,)` of one photograph.
            identities: the name for each photograph, or one name for all. Several photographs may have the same name.
            add: whether people who are in the gallery already may get further photographs. By default their names are
                refused, since another person of the same name would be merged with the first.

        Raises:
            ValueError: if embeddings are not finite or have another dimension than the gallery's, if names are missing,
                empty, not strings or contain a NUL, or if a name is in the gallery already. The gallery is then
                unchanged.
        """
        with self._lock:
            self._enrol(self._vectors(embeddings), identities, add)

    def _enrol(self, vectors: np.ndarray, identities: str | Sequence[str], add: bool) -> None:
        names = [identities] * len(vectors) if isinstance(identities, str) else list(identities)
        wrong = [name for name in names if not isinstance(name, str) or not name or "\0" in name]
        if len(names) != len(vectors) or wrong:
            raise ValueError(
                "`identities` must be one name, or a name for each embedding, not empty and without NUL. "
                f"Received: {len(names)} for {len(vectors)} embeddings" + (f", among them {wrong[:3]}" if wrong else "")
            )
        names = [canonical(name) for name in names]
        known = sorted({name for name in names if name in self._rows})
        if known and not add:
            raise ValueError(
                "`identities` must be new to the gallery; `add=True` gives those who are in it further photographs. "
                f"Received: {known[:5]}"
            )
        self._rows.append(vectors, names)

    def remove(self, identity: str | Sequence[str], embeddings: npt.ArrayLike | None = None) -> int:
        """Removes people, or some of their photographs, and returns the number of removed photographs.

        The threshold stays, even if it was calibrated with the removed photographs.

        Args:
            identity: a name, or several.
            embeddings: `(num, dim)`, or `(dim,)`, of the photographs to remove, as they were enrolled (to 1e-6 in each
                number); None for all. A person without photographs is removed.

        Raises:
            ValueError: if nobody has one of the names, or if an embedding belongs to none of their photographs. The
                gallery is then unchanged.
        """
        with self._lock:
            names = self._known([identity] if isinstance(identity, str) else identity)
            chosen = dict.fromkeys(names) if embeddings is None else self._chosen(names, self._vectors(embeddings))
            self._search = None
            return sum(self._rows.forget(name, which) for name, which in chosen.items())

    def nearest(self, embeddings: npt.ArrayLike, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Returns the k nearest photographs: names `(num, k)`, nearest first, and distances, float64.

        Raises:
            ValueError: as `identify`.
        """
        with self._lock:
            return self._nearest(embeddings, k)

    def _nearest(self, embeddings: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        if not len(self):
            raise ValueError("The gallery is empty: `enrol` somebody first.")
        queries = self._vectors(embeddings)
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= len(self):
            raise ValueError(f"`k` must lie in 1 ... {len(self)}, the number of photographs. Received: k={k!r}")
        if self._search is None:
            self._search = Search(self._rows.vectors, self._faiss)
        self._search.extend(self._rows.vectors)
        positions, distances = self._search(queries, int(k))
        names = [self._rows.name(position) for position in positions.ravel().tolist()]
        return np.array(names, np.str_).reshape(positions.shape), distances

    def identify(self, embeddings: npt.ArrayLike, k: int = 1, threshold: float | None = None) -> list[Match]:
        """Answers *who is it* by a vote of the k nearest photographs within the threshold.

        The most frequent name wins; on a tie, the name of the nearest photograph. If all photographs lie beyond the
        threshold, the person is unknown.

        Args:
            embeddings: `(num, dim)`, or `(dim,)` of one photograph.
            k: from 1 to the number of photographs in the gallery.
            threshold: a distance; None for the gallery's threshold, if it has one. `math.inf` rejects nobody.

        Returns:
            A `Match` for each embedding.

        Raises:
            ValueError: if the gallery is empty or has fewer than k photographs, or if embeddings are not finite or have
                another dimension.
        """
        threshold = checked(self.threshold if threshold is None else threshold)
        names, distances = self.nearest(embeddings, k)
        return [vote(*neighbours, threshold) for neighbours in zip(names, distances, strict=True)]

    def verify(
        self, first: npt.ArrayLike, second: npt.ArrayLike, threshold: float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Answers *are these two the same*, without the people of the gallery.

        Args:
            first: `(num, dim)`, or `(dim,)`.
            second: the same shape; each row is compared with that of `first`.
            threshold: a distance; None for the gallery's threshold.

        Returns:
            `same`, bool `(num,)`, and `distances`, float64 `(num,)`.

        Raises:
            ValueError: if there is no threshold, or embeddings are not finite or of different shapes.
        """
        threshold = self.threshold if threshold is None else threshold
        if threshold is None:
            raise ValueError("`threshold` must be given where the gallery has none: `calibrate` it, or choose one.")
        first, second = self._vectors(first), self._vectors(second)
        if first.shape != second.shape:
            raise ValueError(
                f"`first` and `second` must be of one shape. Received: shapes {first.shape} and {second.shape}"
            )
        distances = np.sqrt(squared_distances(first, second))
        return distances <= checked(threshold), distances

    def calibrate(
        self,
        embeddings: npt.ArrayLike | None = None,
        identities: npt.ArrayLike | None = None,
        *,
        false_accept_rate: float = 0.01,
    ) -> Calibration:
        """Sets the threshold for a false-accept rate; see `calibrate_threshold`.

        Args:
            embeddings: `(num, dim)` of other people; None for those of the gallery.
            identities: `(num,)`, the names that belong to `embeddings`.
            false_accept_rate: the largest share of pairs of different people that may be taken for one person.

        Returns:
            `Calibration`; the gallery now has its `threshold`.

        Raises:
            ValueError: if there are too few pairs to measure such a rate, if too many pairs at distance 0 make it
                impossible, or if an argument is invalid. The threshold is then unchanged.
        """
        if (embeddings is None) != (identities is None):
            raise ValueError("`embeddings` and `identities` must be given both, or neither.")
        with self._lock:
            vectors = self._rows.vectors if embeddings is None else self._vectors(embeddings)
            names = self._rows.names if identities is None else identities
        calibration = calibrate_threshold(vectors, names, false_accept_rate)
        self.threshold = calibration.threshold
        return calibration

    def save(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Writes one `.npz` file without pickle. A reader sees the old file or the new one, never a partial one.

        Raises:
            ValueError: if the threshold was set to a negative number or to NaN.
        """
        with self._lock:
            vectors, names = self._rows.vectors, np.array(self._rows.names, np.str_)
            stored = rows.Stored(vectors, names, self.threshold, self.normalize, self.encoder)
        return rows.write(path, stored)

    @classmethod
    def load(cls, path: str | os.PathLike[str], faiss: bool | None = None) -> "Gallery":
        """Reads a file that `save` wrote.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the file is not a gallery, or is damaged.
        """
        stored = rows.read(path)
        gallery = cls(stored.normalize, stored.encoder, faiss)
        gallery._rows = Rows(stored.embeddings, map(canonical, stored.identities.tolist()))
        gallery.threshold = stored.threshold
        return gallery

    def _known(self, identities: Sequence[str]) -> list[str]:
        """Returns the given names in the gallery's form, each once."""
        names = list(dict.fromkeys(canonical(name) for name in identities))
        for name in names:
            if name not in self._rows:
                people = self._rows.identities
                near = difflib.get_close_matches(name, people, n=3)
                raise ValueError(
                    f"`identity` must be one of the gallery's {len(people)} people. Received: {name!r}"
                    + (f". The nearest: {', '.join(map(repr, near))}" if near else "")
                )
        return names

    def _chosen(self, names: Sequence[str], vectors: np.ndarray) -> dict[str, Any]:
        """Returns, for each name that owns one of the vectors, which of its vectors are among them."""
        equal = {name: _equal(self._rows.of(name), vectors) for name in names}
        missing = np.flatnonzero(~np.any([own.any(axis=0) for own in equal.values()], axis=0))
        if len(missing):
            raise ValueError(
                "`embeddings` must be of photographs of the people named. Received: others in rows "
                f"{missing[:5].tolist()}"
            )
        return {name: np.any(own, axis=1) for name, own in equal.items() if own.any()}

    def _vectors(self, embeddings: npt.ArrayLike) -> np.ndarray:
        """Returns checked embeddings as float32 `(num, dim)`, of norm 1 if the gallery normalizes."""
        vectors = np.atleast_2d(np.asarray(embeddings, np.float32))
        if vectors.ndim != 2 or not vectors.size:
            raise ValueError(f"`embeddings` must be (num, dim) or (dim,). Received: shape {np.shape(embeddings)}")
        with self._lock:
            dim = self._rows.dim
        if dim not in (None, vectors.shape[1]):
            raise ValueError(f"`embeddings` must be of the gallery's dimension {dim}. Received: {vectors.shape[1]}")
        if not np.isfinite(vectors).all():
            rows = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
            raise ValueError(f"`embeddings` must be finite. Received: NaN or infinity in rows {rows[:5].tolist()}")
        if not self.normalize:
            return vectors
        norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        if not norms.all():
            raise ValueError("`embeddings` must not be zero where they are normalised.")
        return (vectors / norms).astype(np.float32)


def _equal(own: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Tells which rows of `own` equal which rows of `vectors`, up to rounding: bool `(num_own, num)`."""
    found = [np.abs(own - vector).max(axis=1) < SAME for vector in vectors]
    return np.stack(found, axis=1)
