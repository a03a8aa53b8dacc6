"""Principal components rounded to a number of bits, the baseline of autoencoders with discrete codes."""

import numpy as np

from keras_genssl.analysis.pca import PCA

_LEVELS = 2**10  # of one component, at most
_ROUNDS = 30  # of Lloyd's algorithm


class QuantizedPCA:
    """Transform coding of images by PCA: each component is rounded to one of a few levels, with a total of bits.

    Bits are given out one by one, each to the component whose error is the largest. A bit divides the error of a
    component by about four (Huang and Schultheiss, 1963), so component i with variance v_i and b_i bits has the error
    `v_i 4^-b_i`. The 2^b_i levels of a component are those of the smallest squared error on the training images (Lloyd,
    1982).

    Reference:
        - Huang and Schultheiss 1963, [Block Quantization of Correlated Gaussian Random
          Variables](https://doi.org/10.1109/TCOM.1963.1088759)
        - the levels: Lloyd 1982, [Least Squares Quantization in PCM](https://doi.org/10.1109/TIT.1982.1056489)

    Args:
        bits: The number of bits of an image's code, at least 1.

    Raises:
        ValueError: If `bits` is not positive.

    Example:
        >>> images = np.random.default_rng(0).integers(256, size=(50, 4, 4, 1), dtype=np.uint8)
        >>> pca = QuantizedPCA(bits=6).fit(images)
        >>> int(pca.allocation.sum()), pca.encode(images).shape[1] == len(pca.allocation)
        (6, True)
    """

    def __init__(self, bits: int) -> None:
        if bits < 1:
            raise ValueError(f"`bits` must be at least 1. Received: bits={bits}")
        self.bits = bits
        self.allocation = np.zeros(0, np.int64)
        self.levels: list[np.ndarray] = []
        self.pca: PCA | None = None

    def fit(self, images: np.ndarray) -> "QuantizedPCA":
        """Finds the components, their bits and their levels.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1].

        Returns:
            Itself.

        Raises:
            ValueError: If there are too few images or pixels for two components.
        """
        dim = min(self.bits, len(images) - 1, int(np.prod(images.shape[1:])) - 1)
        pca = PCA(dim).fit(images)
        codes = pca.encode(images).astype(np.float64)
        self.allocation = _given_out(self.bits, codes.var(axis=0))
        self.pca = PCA(len(self.allocation)).fit(images)
        self.levels = [_levels(codes[:, number], 2**bits) for number, bits in enumerate(self.allocation.tolist())]
        return self

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Returns the number of the level of each component, `(num, h, w, c)` to int64 `(num, components)`."""
        codes = self._fitted().encode(images)
        return np.stack([_nearest(values, levels) for values, levels in zip(codes.T, self.levels, strict=True)], axis=1)

    def decode(self, indices: np.ndarray) -> np.ndarray:
        """Returns images, integers `(num, components)` to float32 `(num, h, w, c)`, clipped to [-1, 1]."""
        values = [levels[of] for of, levels in zip(np.asarray(indices).T, self.levels, strict=True)]
        return self._fitted().decode(np.stack(values, axis=1))

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Returns images encoded and decoded again, float32 `(num, h, w, c)`."""
        return self.decode(self.encode(images))

    def _fitted(self) -> PCA:
        if self.pca is None:
            raise ValueError("QuantizedPCA must be fitted first: call `fit(images)`")
        return self.pca


def _given_out(bits: int, variances: np.ndarray) -> np.ndarray:
    """The bits of each component, of those that get any; variances fall from component to component."""
    errors = variances.copy()
    given = np.zeros(len(variances), np.int64)
    for _ in range(bits):
        number = int(np.argmax(np.where(2**given < _LEVELS, errors, -1.0)))
        given[number] += 1
        errors[number] /= 4.0
    return given[given > 0]


def _levels(values: np.ndarray, count: int) -> np.ndarray:
    """Lloyd's levels of numbers, ascending: each is the mean of the numbers nearest to it."""
    ordered = np.sort(values)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    levels = np.quantile(ordered, (np.arange(count) + 0.5) / count)
    for _ in range(_ROUNDS):
        edges = np.searchsorted(ordered, (levels[1:] + levels[:-1]) / 2)
        edges = np.concatenate([[0], edges, [len(ordered)]])
        counts = np.diff(edges)
        levels = np.where(counts > 0, np.diff(sums[edges]) / np.maximum(counts, 1), levels)
    return levels


def _nearest(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, values)
