"""Precision and recall of generated images."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics import balls
from keras_genssl.metrics.kernel_distance import checked_pair
from keras_genssl.metrics.reference import FeatureMetric, Features, feature_name, features_of


def precision_recall(real: npt.ArrayLike, fake: npt.ArrayLike, num_neighbours: int = 3) -> tuple[float, float]:
    """Computes improved precision (quality) and recall (variety) of a set of generated images.

    A set's manifold is the union of balls around its vectors; each ball reaches to the vector's k-th nearest neighbour
    in the set. Precision is the share of generated vectors inside the real manifold, recall the share of real vectors
    inside the generated manifold. Kynkaanniemi et al., 2019, use k = 3 and sets of equal size (50,000). Both numbers
    depend on the sizes, so report the sizes too.

    Reference:
        - Kynkäänniemi et al. 2019, [Improved Precision and Recall Metric](https://arxiv.org/abs/1904.06991)

    Args:
        real: ``(num_real, dim)``, more than ``num_neighbours`` vectors.
        fake: ``(num_fake, dim)``, more than ``num_neighbours`` vectors.
        num_neighbours: k, positive.

    Returns:
        Precision and recall, each in [0, 1].

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> real, fake = [[0.0], [1.0], [2.0], [9.0]], [[0.5], [1.5], [20.0]]
        >>> precision_recall(real, fake, num_neighbours=1)  # real balls reach 1, 1, 1, 7; generated 1, 1, 18.5
        (0.6666666666666666, 1.0)
    """
    balls.checked_num_neighbours(num_neighbours)
    reals, fakes = checked_pair(real, fake, num_neighbours + 1)
    reals, fakes = balls.centred(reals, fakes)
    precision = _share_inside(fakes, reals, num_neighbours)
    return precision, _share_inside(reals, fakes, num_neighbours)


class PrecisionRecall(FeatureMetric):
    """`precision_recall` of generated images: the share that looks real, and the share of real images reached.

    Kynkaanniemi et al., 2019. Give as many real images as there will be samples, since time and both numbers depend on
    it. 10,000 of each take seconds with 128 features.

    Reference:
        - Kynkäänniemi et al. 2019, [Improved Precision and Recall Metric](https://arxiv.org/abs/1904.06991)

    Args:
        features: any callable, uint8 images ``(batch, h, w, c)`` -> features ``(batch, dim)``.
        real: real images, an array or a dataset, as `extract_features` takes them; or their features.
        num_neighbours: k, positive and less than the number of real images.
        cache: directory where the features of real images are kept, see `extract_features`; None for no cache.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> images = np.random.default_rng(0).integers(256, size=(20, 8, 8, 1), dtype=np.uint8)
        >>> PrecisionRecall(lambda images: images.mean((1, 2)), images)(images)
        (1.0, 1.0)
    """

    def __init__(
        self,
        features: Features,
        real: Any,
        num_neighbours: int = 3,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(features, "precision")
        self.num_neighbours = balls.checked_num_neighbours(num_neighbours)
        self.min_samples = num_neighbours + 1
        self.real = features_of(features, real, cache)
        self.num_real = len(self.real)
        balls.checked_num_neighbours(num_neighbours, self.num_real)
        self._recall = f"{feature_name(features)}_recall"

    def __call__(self, samples: Any) -> tuple[float, float]:
        """Returns precision and recall of generated images (or their features)."""
        numbers = self.measure(samples)
        return numbers[self.name], numbers[self._recall]

    def compare(self, values: np.ndarray) -> dict[str, float]:
        """Returns precision and recall, by name, from sample features ``(count, dim)``."""
        precision, recall = precision_recall(self.real, values, self.num_neighbours)
        return {self.name: precision, self._recall: recall}


def _share_inside(points: np.ndarray, centres: np.ndarray, num_neighbours: int) -> float:
    """Returns the share of points that lie in a ball around a centre."""
    radii = balls.squared_radii(centres, num_neighbours)
    return sum(int(block.any(axis=1).sum()) for block in balls.inside(points, centres, radii)) / len(points)
