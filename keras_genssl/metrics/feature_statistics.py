"""Mean and covariance of features, computed incrementally."""

import os
import pathlib
import uuid

import numpy as np
import numpy.typing as npt


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
