"""The Frechet distance of generated images."""

import os
from typing import Any

import numpy as np

from keras_genssl.metrics.feature_metric import FeatureMetric
from keras_genssl.metrics.feature_statistics import FeatureStatistics
from keras_genssl.metrics.frechet_distance import frechet_distance
from keras_genssl.metrics.reference import Features, feature_statistics


class FID(FeatureMetric):
    """`frechet_distance` between normal distributions fitted to the features of real and of generated images.

    Heusel et al., 2017. With `fashion_features` it is the Fashion-FID, with `inception_features` the FID of papers;
    numbers of different networks cannot be compared. Few samples bias it upwards: report the number of samples, and
    compare only equal numbers (10,000 here, 50,000 in papers).

    Reference:
        - Heusel et al. 2017, [GANs Trained by a Two Time-Scale Update Rule](https://arxiv.org/abs/1706.08500)

    Args:
        features: any callable, uint8 images ``(batch, h, w, c)`` -> features ``(batch, dim)``.
        real: real images, an array or a dataset, as `extract_features` takes them; or their features
            ``(count, dim)``; or their `FeatureStatistics`.
        cache: directory where the statistics of real images are kept, see `extract_features`; None for no cache.

    Raises:
        ValueError: if an argument is invalid, or there are fewer than two real images.

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
        self._covariance = self.statistics.covariance

    def __call__(self, samples: Any) -> float:
        """Returns the distance of generated images (or their features) from the real ones."""
        return self.measure(samples)[self.name]

    def compare(self, values: np.ndarray) -> dict[str, float]:
        """Returns the distance, by name, of sample features ``(count, dim)``."""
        samples = FeatureStatistics(values)
        distance = frechet_distance(self.statistics.mean, self._covariance, samples.mean, samples.covariance)
        return {self.name: distance}
