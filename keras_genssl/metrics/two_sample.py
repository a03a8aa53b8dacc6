"""Whether two sets of vectors come from one distribution: the maximum mean discrepancy, with its interval."""

import dataclasses

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.metrics.kernel_distance import checked_pair

_FEWEST = 10  # vectors, of which a resample practically never holds one alone


@dataclasses.dataclass(frozen=True)
class Discrepancy:
    """An estimate of the squared maximum mean discrepancy.

    Attributes:
        estimate: the unbiased estimate.
        low: the lower end of the bootstrap interval.
        high: its upper end.
        deviation: the standard deviation of the bootstrap.
    """

    estimate: float
    low: float
    high: float
    deviation: float


def gaussian_mmd(
    real: npt.ArrayLike,
    fake: npt.ArrayLike,
    bandwidth: float | None = None,
    num_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Discrepancy:
    """Estimates the squared maximum mean discrepancy of two sets with a Gaussian kernel, without bias.

    ``MMD² = mean k(x, x') + mean k(y, y') - 2 mean k(x, y)`` over pairs of different vectors, with
    ``k(x, y) = exp(-|x - y|² / (2 bandwidth²))``. It is 0 for equal distributions and positive for all others; an
    estimate may be negative. The interval is the percentile bootstrap: both sets are drawn anew with replacement, and a
    vector that was drawn twice is not paired with itself. If the distributions are equal, the interval is wider than
    it would have to be.

    Reference:
        - Gretton et al. 2012, [A Kernel Two-Sample Test](https://jmlr.org/papers/v13/gretton12a.html)

    Args:
        real: ``(num_real, dim)``, at least ten vectors, such as draws of a prior.
        fake: ``(num_fake, dim)``, at least ten vectors, such as codes.
        bandwidth: positive; None: the median distance of two vectors of ``real``, so that all sets that are compared
            with one ``real`` are seen through one kernel.
        num_resamples: number of bootstrap samples, positive. Memory is of order
            ``(num_real + num_fake)² + num_resamples * num_real``.
        level: the probability that the interval holds, in (0, 1).
        seed: seed of the bootstrap, at least 0.

    Returns:
        A `Discrepancy`, computed in float64.

    Raises:
        ValueError: if shapes are invalid, a value is not finite, an argument is outside its range, or the default
            bandwidth is 0.

    Example:
        >>> points = np.random.default_rng(0).normal(size=(400, 2))
        >>> same, shifted = gaussian_mmd(points[:200], points[200:]), gaussian_mmd(points[:200], points[200:] + 1.0)
        >>> same.low < 0.0 < same.high, shifted.low > 0.0
        (True, True)
    """
    real, fake = checked_pair(real, fake, _FEWEST)
    num_resamples, seed = whole("num_resamples", num_resamples), whole("seed", seed, 0)
    if not 0.0 < finite("level", level) < 1.0:
        raise ValueError(f"`level` must lie in (0, 1). Received: level={level}")
    of_real, of_both, of_fake = (_squared_distances(*pair) for pair in ((real, real), (real, fake), (fake, fake)))
    if bandwidth is not None:
        bandwidth = finite("bandwidth", bandwidth, 0, above=True)
    else:
        bandwidth = float(np.median(np.sqrt(of_real[np.triu_indices(len(real), 1)])))
        if not 0.0 < bandwidth < np.inf:
            raise ValueError(
                "`bandwidth` must be given where the default, the median distance within `real`, is not positive and "
                f"finite. Received: a median distance of {bandwidth}"
            )
    for distances in (of_real, of_both, of_fake):
        np.exp(distances / (-2.0 * bandwidth**2), out=distances)
    for kernel in (of_real, of_fake):
        np.fill_diagonal(kernel, 0.0)

    def mmd(counts_real: np.ndarray, counts_fake: np.ndarray) -> np.ndarray:
        across = np.einsum("bi,bi->b", counts_real @ of_both, counts_fake) / (len(real) * len(fake))
        return _within(of_real, counts_real) + _within(of_fake, counts_fake) - 2.0 * across

    rng = np.random.default_rng(seed)
    drawn = (
        rng.multinomial(len(values), np.full(len(values), 1.0 / len(values)), num_resamples) for values in (real, fake)
    )
    resampled = mmd(*(counts.astype(np.float64) for counts in drawn))
    low, high = np.quantile(resampled, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    (estimate,) = mmd(np.ones((1, len(real))), np.ones((1, len(fake))))
    return Discrepancy(float(estimate), float(low), float(high), float(resampled.std()))


def _squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Squared distances, ``(num_first, num_second)``."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2.0 * first @ second.T
    return np.maximum(squares, 0.0, out=squares)


def _within(kernel: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Means of a kernel over pairs of different vectors, ``(num_resamples,)``.

    Args:
        kernel: ``(num, num)`` with zeros on the diagonal.
        counts: how often each vector was drawn, ``(num_resamples, num)``; rows sum to ``num``.
    """
    pairs = counts.shape[1] ** 2 - (counts**2).sum(axis=1)
    return np.einsum("bi,bi->b", counts @ kernel, counts) / pairs
