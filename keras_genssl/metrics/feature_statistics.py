"""Features of sets of images: their checks, and their mean and covariance."""

import os
import pathlib
import uuid

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.arrays import checked_labels, require_alike


def finite_features(features: npt.ArrayLike, name: str = "") -> np.ndarray:
    """Returns features ``(num, dim)`` after a check of shape and values; see `checked_features`."""
    features = np.asarray(features)
    argument = f"{name}_features" if name else "features"
    if features.ndim != 2 or not features.size:
        raise ValueError(f"`{argument}` must be (num, dim), not empty. Received: shape {features.shape}")
    if features.dtype.kind != "f":
        features = features.astype(np.float64)
    if not np.isfinite(features).all():
        raise ValueError(f"`{argument}` must be finite. Received: NaN or infinity among them")
    return features


def checked_features(features: npt.ArrayLike, labels: npt.ArrayLike, name: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Returns features ``(num, dim)`` and labels ``(num,)`` as arrays, after a check of shapes and values.

    Args:
        features: finite numbers ``(num, dim)``, one row at least.
        labels: ``(num,)`` of integers or strings.
        name: prefix of ``features`` and ``labels`` in the names of the arguments, such as "gallery".

    Returns:
        Features in their own dtype, booleans and integers as float64; and labels, int64 or strings.

    Raises:
        ValueError: if they are invalid.
    """
    features = finite_features(features, name)
    return features, checked_labels(labels, f"{name}_labels" if name else "labels", features)


def checked_both(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    other_features: npt.ArrayLike,
    other_labels: npt.ArrayLike,
    name: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns two labelled sets of features of one dimension; ``name`` prefixes the second. See `checked_features`."""
    features, labels = checked_features(features, labels)
    other_features, other_labels = checked_features(other_features, other_labels, name)
    if features.shape[1] != other_features.shape[1]:
        raise ValueError(
            f"`features` and `{name}_features` must have one dimension. "
            f"Received: shapes {features.shape} and {other_features.shape}"
        )
    require_alike(labels, other_labels, "labels", f"{name}_labels")
    return features, labels, other_features, other_labels


def checked_neighbours(k: int, num_found: int) -> None:
    """Raises unless the number of neighbours is an integer that the gallery allows."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise ValueError(f"`k` must be an integer. Received: k={k!r}")
    if not 1 <= k <= num_found:
        raise ValueError(f"`k` must lie in 1 ... {num_found}, the size of the gallery. Received: k={k}")


class FeatureStatistics:
    """Mean and unbiased covariance of feature vectors, in float64, in one pass over any number of batches.

    Sums of squares are kept about the running mean (Chan, Golub and LeVeque, 1983): features far from zero
    lose no digits, and statistics of parts merge to those of the whole.

    Args:
        features: ``(count, dim)``, the first batch; None to start empty.

    Attributes:
        count: the number of vectors seen.
        mean: ``(dim,)`` of float64.

    Example:
        >>> statistics = FeatureStatistics(np.array([[0.0, 0.0], [2.0, 0.0]])).update(np.array([[4.0, 3.0]]))
        >>> statistics.count, statistics.mean.tolist(), statistics.covariance.tolist()
        (3, [2.0, 1.0], [[4.0, 3.0], [3.0, 3.0]])
    """

    def __init__(self, features: npt.ArrayLike | None = None) -> None:
        self.count = 0
        self.mean = np.zeros(0)
        self._scatter = np.zeros((0, 0))
        if features is not None:
            self.update(features)

    @property
    def covariance(self) -> np.ndarray:
        """The unbiased covariance ``(dim, dim)``, divided by ``count - 1``, as ``np.cov`` gives it.

        Raises:
            ValueError: with fewer than two vectors.
        """
        if self.count < 2:
            raise ValueError(f"A covariance needs two feature vectors at least. Received: {self.count}")
        return self._scatter / (self.count - 1)

    def update(self, features: npt.ArrayLike) -> "FeatureStatistics":
        """Add vectors.

        Args:
            features: ``(count, dim)``, of any float dtype.

        Returns:
            Itself.

        Raises:
            ValueError: if the shape differs from earlier batches, or a value is not finite.
        """
        features = np.asarray(features, np.float64)
        if features.ndim != 2:
            raise ValueError(f"`features` must have shape (count, dim). Received: shape {features.shape}")
        if not np.isfinite(features).all():
            raise ValueError("`features` must be finite. Received: NaN or infinity among them")
        if len(features):
            mean = features.mean(axis=0)
            centred = features - mean
            self._add(len(features), mean, centred.T @ centred)
        return self

    def merge(self, other: "FeatureStatistics") -> "FeatureStatistics":
        """Adds the vectors of other statistics; returns itself."""
        if other.count:
            self._add(other.count, other.mean, other._scatter)
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes count, mean and covariance as ``.npz``, completely or not at all."""
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        with part.open("xb") as file:
            np.savez(file, allow_pickle=False, count=self.count, mean=self.mean, covariance=self.covariance)
        os.replace(part, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "FeatureStatistics":
        """Reads a file that `save` wrote.

        Raises:
            FileNotFoundError: if there is no such file.
        """
        statistics = cls()
        with np.load(path, allow_pickle=False) as file:
            statistics.count, statistics.mean = int(file["count"]), file["mean"]
            statistics._scatter = file["covariance"] * (statistics.count - 1)
        return statistics

    def _add(self, count: int, mean: np.ndarray, scatter: np.ndarray) -> None:
        if not self.count:
            self.count, self.mean, self._scatter = count, mean.copy(), scatter.copy()
            return
        if mean.shape != self.mean.shape:
            raise ValueError(f"Features must keep their size, {len(self.mean)}. Received: {len(mean)}")
        total = self.count + count
        step = mean - self.mean
        self._scatter = self._scatter + scatter + np.outer(step, step) * (self.count * count / total)
        self.mean = self.mean + step * (count / total)
        self.count = total
