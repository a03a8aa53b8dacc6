"""The kernel distance of generated images."""

import os
from typing import Any

import numpy as np

from keras_genssl.metrics.feature_metric import FeatureMetric, features_of
from keras_genssl.metrics.kernel_distance import kernel_distance
from keras_genssl.metrics.reference import Features


class KID(FeatureMetric):
    """`kernel_distance` between the features of real and of generated images.

    Binkowski et al., 2018. Unlike `FID` it is not biased by few samples.

    Reference:
        - Binkowski et al. 2018, [Demystifying MMD GANs](https://arxiv.org/abs/1801.01401)

    Args:
        features: any callable, uint8 images ``(batch, h, w, c)`` -> features ``(batch, dim)``.
        real: real images, an array or a dataset, as `extract_features` takes them; or their features.
        num_subsets, subset_size, seed: as in `kernel_distance`.
        cache: directory where the features of real images are kept, see `extract_features`; None for no cache.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> images = np.random.default_rng(0).integers(256, size=(40, 8, 8, 1), dtype=np.uint8)
        >>> kid = KID(lambda images: images.mean((1, 2)) / 255, images[:20], num_subsets=5, subset_size=10)
        >>> sorted(kid.measure(images[20:]))
        ['features_kid', 'features_kid_deviation', 'num_real', 'num_samples']
    """

    def __init__(
        self,
        features: Features,
        real: Any,
        num_subsets: int = 100,
        subset_size: int = 1000,
        seed: int = 0,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(features, "kid")
        if num_subsets < 1:
            raise ValueError(f"`num_subsets` must be positive. Received: num_subsets={num_subsets}")
        self.num_subsets, self.subset_size, self.seed = num_subsets, subset_size, seed
        self.min_samples = subset_size
        self.real = features_of(features, real, cache)
        self.num_real = len(self.real)
        if not 2 <= subset_size <= self.num_real:
            raise ValueError(
                "`subset_size` must lie between 2 and the number of real images. Received: "
                f"subset_size={subset_size}, with {self.num_real} real images"
            )

    def __call__(self, samples: Any) -> tuple[float, float]:
        """Returns mean and standard deviation over the subsets, for generated images (or their features)."""
        numbers = self.measure(samples)
        return numbers[self.name], numbers[f"{self.name}_deviation"]

    def compare(self, values: np.ndarray) -> dict[str, float]:
        """Returns the distance and its deviation, by name, from sample features ``(count, dim)``."""
        mean, deviation = kernel_distance(self.real, values, self.num_subsets, self.subset_size, self.seed)
        return {self.name: mean, f"{self.name}_deviation": deviation}
