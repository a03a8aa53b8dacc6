"""Density and coverage of generated images."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics import balls
from keras_genssl.metrics.kernel_distance import checked_pair
from keras_genssl.metrics.reference import FeatureMetric, Features, feature_name, features_of


def density_coverage(real: npt.ArrayLike, fake: npt.ArrayLike, num_neighbours: int = 5) -> tuple[float, float]:
    """Computes density (quality) and coverage (variety) of a set of generated images.

    Each real vector has a ball up to its k-th nearest real neighbour. With N real and M generated vectors::

        density  = 1 / (k M) x the sum over generated vectors of the number of balls that hold them
        coverage = 1 / N x the number of balls that hold a generated vector

    Only real vectors have balls: unlike in `precision_recall`, an outlier among the generated vectors changes little,
    and the large ball of one real outlier counts once. For two samples of one distribution, density is 1 on average
    and coverage is 1 - (N - 1) ... (N - k) / ((N + M - 1) ... (N + M - k)), near 1 - 2^-k if N = M is large. Naeem et
    al., 2020, use k = 5 and 10,000 of each; both numbers depend on N and M, so report them too.

    A vector on the surface of a ball is inside. The authors' code excludes it, which matters for exact copies only: the
    set itself has density (k + 1) / k here, and 1 there.

    Reference:
        - Naeem et al. 2020, [Reliable Fidelity and Diversity Metrics](https://arxiv.org/abs/2002.09797)

    Args:
        real: ``(num_real, dim)``, more than ``num_neighbours`` vectors.
        fake: ``(num_fake, dim)``, a vector at least.
        num_neighbours: k, positive.

    Returns:
        Density, at least 0 and possibly above 1; and coverage, in [0, 1].

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> real, fake = [[0.0], [1.0], [2.0], [9.0]], [[0.5], [1.5], [20.0], [30.0]]
        >>> density_coverage(real, fake, num_neighbours=1)  # balls reach 1, 1, 1, 7; they hold 1, 2, 1, 0 vectors
        (1.0, 0.75)
    """
    balls.checked_num_neighbours(num_neighbours)
    reals, fakes = checked_pair(real, fake, 1)
    balls.checked_num_neighbours(num_neighbours, len(reals))
    reals, fakes = balls.centred(reals, fakes)
    radii = balls.squared_radii(reals, num_neighbours)
    counts = np.zeros(len(reals), np.int64)  # of the generated vectors in each ball
    for block in balls.inside(fakes, reals, radii):
        counts += block.sum(axis=0)
    return float(counts.sum() / (num_neighbours * len(fakes))), float((counts > 0).mean())


class DensityCoverage(FeatureMetric):
    """`density_coverage` of generated images: how densely real images surround them, and the share that is reached.

    Naeem et al., 2020. Give as many real images as there will be samples. 10,000 of each take seconds with 128
    features.

    Reference:
        - Naeem et al. 2020, [Reliable Fidelity and Diversity Metrics](https://arxiv.org/abs/2002.09797)

    Args:
        features: any callable, uint8 images ``(batch, h, w, c)`` -> features ``(batch, dim)``.
        real: real images, an array or a dataset, as `extract_features` takes them; or their features.
        num_neighbours: k, positive and less than the number of real images.
        cache: directory where the features of real images are kept, see `extract_features`; None for no cache.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> images = np.random.default_rng(0).integers(256, size=(20, 8, 8, 1), dtype=np.uint8)
        >>> DensityCoverage(lambda images: images.mean((1, 2)), images)(images)[1]
        1.0
    """

    min_samples = 1

    def __init__(
        self,
        features: Features,
        real: Any,
        num_neighbours: int = 5,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(features, "density")
        self.num_neighbours = balls.checked_num_neighbours(num_neighbours)
        self.real = features_of(features, real, cache)
        self.num_real = len(self.real)
        balls.checked_num_neighbours(num_neighbours, self.num_real)
        self._coverage = f"{feature_name(features)}_coverage"

    def __call__(self, samples: Any) -> tuple[float, float]:
        """Returns density and coverage of generated images (or their features)."""
        numbers = self.measure(samples)
        return numbers[self.name], numbers[self._coverage]

    def compare(self, values: np.ndarray) -> dict[str, float]:
        """Returns density and coverage, by name, from sample features ``(count, dim)``."""
        density, coverage = density_coverage(self.real, values, self.num_neighbours)
        return {self.name: density, self._coverage: coverage}
