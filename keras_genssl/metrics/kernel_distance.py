"""The kernel distance between sets of features, and KID."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.metrics.reference import FeatureMetric, Features, features_of


def polynomial_mmd(real: npt.ArrayLike, fake: npt.ArrayLike, degree: int = 3) -> float:
    """Estimates the squared maximum mean discrepancy of two sets with a polynomial kernel, without bias.

    It is ``mean k(x, x') + mean k(y, y') - 2 mean k(x, y)`` over pairs of different elements, with
    ``k(x, y) = (x·y / dim + 1)^degree``. For two samples of one distribution the expectation is 0, whatever their
    sizes. A single estimate may be negative. Binkowski et al., 2018.

    Reference:
        - Binkowski et al. 2018, [Demystifying MMD GANs](https://arxiv.org/abs/1801.01401)

    Args:
        real: ``(num_real, dim)``, at least two vectors.
        fake: ``(num_fake, dim)``, at least two vectors.
        degree: degree of the polynomial, positive.

    Returns:
        The estimate, computed in float64.

    Raises:
        ValueError: if shapes are invalid, a value is not finite, or ``degree`` is not positive.

    Example:
        >>> polynomial_mmd([[0.0], [2.0]], [[1.0], [1.0]], degree=1)  # k = xy + 1: 1 + 2 - 2 x 2
        -1.0
    """
    real, fake = checked_pair(real, fake, 2)
    if degree < 1:
        raise ValueError(f"`degree` must be positive. Received: degree={degree}")
    dim, (num_real, num_fake) = real.shape[1], (len(real), len(fake))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        base = a @ b.T / dim + 1
        power = base.copy()
        for _ in range(degree - 1):  # several times as fast as NumPy's power
            power *= base
        return power

    def within(a: np.ndarray) -> float:
        values = kernel(a, a)
        return (values.sum() - np.trace(values)) / (len(a) * (len(a) - 1))

    return float(within(real) + within(fake) - 2 * kernel(real, fake).sum() / (num_real * num_fake))


def kernel_distance(
    real: npt.ArrayLike,
    fake: npt.ArrayLike,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Estimates the kernel distance (KID) of two sets of features: `polynomial_mmd` over random subsets.

    Each subset draws ``subset_size`` vectors of each set without replacement. The mean is unbiased, unlike a Frechet
    distance of few images. Binkowski et al., 2018.

    Reference:
        - Binkowski et al. 2018, [Demystifying MMD GANs](https://arxiv.org/abs/1801.01401)

    Args:
        real: ``(num_real, dim)``.
        fake: ``(num_fake, dim)``.
        num_subsets: positive.
        subset_size: at least 2, at most the size of the smaller set.
        seed: seed of the subsets.

    Returns:
        Mean and standard deviation over the subsets. The latter is the deviation of one subset, not the error of the
        mean.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> points = np.random.default_rng(0).normal(size=(2000, 8))
        >>> mean, deviation = kernel_distance(points[:1000], points[1000:] + 1.0, num_subsets=10, subset_size=500)
        >>> bool(mean > 5 * deviation)
        True
    """
    real, fake = checked_pair(real, fake, 2)
    if num_subsets < 1:
        raise ValueError(f"`num_subsets` must be positive. Received: num_subsets={num_subsets}")
    if not 2 <= subset_size <= min(len(real), len(fake)):
        raise ValueError(
            "`subset_size` must lie between 2 and the size of the smaller set. Received: "
            f"subset_size={subset_size}, with sets of {len(real)} and {len(fake)}"
        )
    rng = np.random.default_rng(seed)
    values = [
        polynomial_mmd(
            real[rng.choice(len(real), subset_size, replace=False)],
            fake[rng.choice(len(fake), subset_size, replace=False)],
        )
        for _ in range(num_subsets)
    ]
    return float(np.mean(values)), float(np.std(values))


def checked_pair(real: npt.ArrayLike, fake: npt.ArrayLike, smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns two sets of features as finite float64 ``(count, dim)``, each of ``smallest`` vectors or more."""
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1] or min(len(real), len(fake)) < smallest:
        raise ValueError(
            f"`real` and `fake` must be (count, dim) of one dim, with {smallest} vectors or more each. "
            f"Received: shapes {real.shape} and {fake.shape}"
        )
    if not (np.isfinite(real).all() and np.isfinite(fake).all()):
        raise ValueError("`real` and `fake` must be finite. Received: NaN or infinity among them")
    return real, fake


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
