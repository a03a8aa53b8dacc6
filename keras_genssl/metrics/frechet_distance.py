"""The Fréchet distance between sets of features, and FID."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics.feature_statistics import FeatureStatistics
from keras_genssl.metrics.reference import FeatureMetric, Features, feature_statistics


def frechet_distance(
    mean1: npt.ArrayLike, covariance1: npt.ArrayLike, mean2: npt.ArrayLike, covariance2: npt.ArrayLike
) -> float:
    """Compute the squared Frechet (2-Wasserstein) distance between two normal distributions.

    ``|m1 - m2|² + tr C1 + tr C2 - 2 tr (C1 C2)^(1/2)``, in float64. The eigenvalues of ``C1 C2`` are those of
    the symmetric ``C1^(1/2) C2 C1^(1/2)``. No general matrix root is needed, so covariances without full rank (fewer
    images than features) need no offset and give no imaginary part.

    With the features of two sets of images it is the FID of Heusel et al., 2017, see `FID`.

    Reference:
        - Heusel et al. 2017, [GANs Trained by a Two Time-Scale Update Rule](https://arxiv.org/abs/1706.08500)

    Args:
        mean1: ``(dim,)``.
        covariance1: ``(dim, dim)``, symmetric and positive semidefinite.
        mean2: ``(dim,)``.
        covariance2: ``(dim, dim)``.

    Returns:
        The squared distance, at least 0.

    Raises:
        ValueError: if shapes disagree, or a value is not finite.

    Example:
        >>> frechet_distance([0.0], [[1.0]], [3.0], [[4.0]])  # 3² + (1 - 2)²
        10.0
    """
    mean1, mean2 = np.asarray(mean1, np.float64), np.asarray(mean2, np.float64)
    covariance1, covariance2 = np.asarray(covariance1, np.float64), np.asarray(covariance2, np.float64)
    shapes = [array.shape for array in (mean1, covariance1, mean2, covariance2)]
    if mean1.ndim != 1 or shapes != 2 * [mean1.shape, 2 * mean1.shape]:
        raise ValueError(f"Means must be (dim,) and covariances (dim, dim). Received: shapes {shapes}")
    if not all(np.isfinite(array).all() for array in (mean1, covariance1, mean2, covariance2)):
        raise ValueError("Means and covariances must be finite. Received: NaN or infinity among their values")
    root = _root(covariance1)
    eigenvalues = np.linalg.eigvalsh(root @ covariance2 @ root)
    cross = np.sqrt(eigenvalues.clip(0)).sum()
    squared = np.square(mean1 - mean2).sum() + np.trace(covariance1) + np.trace(covariance2) - 2 * cross
    return max(float(squared), 0.0)


def _root(matrix: np.ndarray) -> np.ndarray:
    """Returns the symmetric square root; eigenvalues that rounding made negative count as 0."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


class FID(FeatureMetric):
    """`frechet_distance` between normal distributions fitted to the features of real and of generated images.

    Heusel et al., 2017. With `fashion_features` it is the Fashion-FID, with `inception_features` the FID of papers;
    numbers of different networks cannot be compared. Few samples bias it upwards: report the number of samples, and
    compare only equal numbers (10,000 here, 50,000 in papers). Both sets need more images than features (128 of
    `fashion_features`, 2048 of `inception_features`): otherwise their covariances are singular, and the distance says
    more of the number of images than of the images. `KID` judges fewer.

    Reference:
        - Heusel et al. 2017, [GANs Trained by a Two Time-Scale Update Rule](https://arxiv.org/abs/1706.08500)

    Args:
        features: any callable, uint8 images ``(batch, h, w, c)`` -> features ``(batch, dim)``.
        real: real images, an array or a dataset, as `extract_features` takes them; or their features
            ``(count, dim)``; or their `FeatureStatistics`.
        cache: directory where the statistics of real images are kept, see `extract_features`; None for no cache.

    Raises:
        ValueError: if an argument is invalid, or there are no more real images than features.

    Example:
        >>> images = np.random.default_rng(0).integers(256, size=(20, 8, 8, 1), dtype=np.uint8)
        >>> fid = FID(lambda images: images.mean((1, 2)), images)
        >>> fid(images), fid.name
        (0.0, 'features_fid')
    """

    def __init__(self, features: Features, real: Any, cache: str | os.PathLike[str] | None = None) -> None:
        super().__init__(features, "fid")
        if isinstance(real, FeatureStatistics):
            self.statistics = real
        elif hasattr(real, "shape") and len(real.shape) == 2:
            self.statistics = FeatureStatistics(real)
        else:
            self.statistics = feature_statistics(features, real, cache)
        self.num_real = self.statistics.count
        _require_enough("real images", self.statistics)
        self.min_samples = len(self.statistics.mean) + 1
        self._covariance = self.statistics.covariance

    def __call__(self, samples: Any) -> float:
        """Returns the distance of generated images (or their features) from the real ones."""
        return self.measure(samples)[self.name]

    def compare(self, values: np.ndarray) -> dict[str, float]:
        """Returns the distance, by name, of sample features ``(count, dim)``.

        Raises:
            ValueError: if there are no more samples than features.
        """
        samples = FeatureStatistics(values)
        _require_enough("samples", samples)
        distance = frechet_distance(self.statistics.mean, self._covariance, samples.mean, samples.covariance)
        return {self.name: distance}


def _require_enough(what: str, statistics: FeatureStatistics) -> None:
    """Raises ValueError unless a set is large enough for a covariance of full rank."""
    count, dim = statistics.count, len(statistics.mean)
    if count <= dim:
        raise ValueError(
            f"A Frechet distance needs more {what} than features, because it depends on the number of fewer; use "
            f"metrics.KID, which does not. Received: {count} {what} of {dim} features"
        )
