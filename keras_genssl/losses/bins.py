"""Regression as classification: the cross-entropy of binned values, class weights, and means of bins."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from keras_genssl.checks.tensors import check_last, check_same_shape
from keras_genssl.losses.arguments import check_count, check_positive


@keras.saving.register_keras_serializable(package="keras_genssl")
class BinCrossEntropy(keras.losses.Loss):
    """Cross-entropy between soft bins of each pixel's true value and predicted logits, averaged over pixels.

    The true distribution z is on the `neighbours` nearest bins, and on all that are equally near as the last of these;
    their probabilities are a normalised Gaussian of the distance. With q* the nearest bin, the loss is
    ``mean_pixels weights[q*] * -sum_q z_q log softmax(logits)_q`` (Zhang et al., 2016, Equation 2; there pixels are
    summed).

    Reference:
        - Zhang et al. 2016, [Colorful Image Colorization](https://arxiv.org/abs/1603.08511)

    Args:
        bins: float array (num_bins, dim), the centres of the bins.
        weights: float array (num_bins,), not negative, such as `rebalancing_weights` gives; None: all 1.
        sigma: standard deviation of the Gaussian, in the units of the values, positive.
        neighbours: number of bins of a true distribution, in 1 ... num_bins; 1: only the nearest.
        name: the loss's name.

    Call:
        y_true: float ``(batch, h, w, dim)``.
        y_pred: logits ``(batch, h, w, num_bins)``.
        Returns ``(batch,)``.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> loss = BinCrossEntropy([[0.0], [10.0]], neighbours=1)
        >>> [round(float(value), 4) for value in loss.call(ops.full((1, 2, 2, 1), 3.0), ops.zeros((1, 2, 2, 2)))]
        [0.6931]
    """

    def __init__(
        self,
        bins: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        sigma: float = 5.0,
        neighbours: int = 5,
        name: str = "bin_cross_entropy",
    ) -> None:
        super().__init__(name=name)
        self.bins = np.asarray(bins, np.float64)
        if self.bins.ndim != 2 or not self.bins.size:
            raise ValueError(f"`bins` must have shape (num_bins, dim). Received: shape={self.bins.shape}")
        self.weights = None if weights is None else np.asarray(weights, np.float64)
        if self.weights is not None and (self.weights.shape != (len(self.bins),) or not np.all(self.weights >= 0)):
            raise ValueError(
                f"`weights` must hold {len(self.bins)} numbers, one for each bin, none negative. "
                f"Received: shape={self.weights.shape}, the least {np.min(self.weights, initial=np.inf)}"
            )
        check_positive(sigma=sigma)
        check_count(neighbours=neighbours)
        if not 1 <= neighbours <= len(self.bins):
            raise ValueError(f"`neighbours` must lie in 1 ... {len(self.bins)}. Received: neighbours={neighbours}")
        self.sigma = float(sigma)
        self.neighbours = int(neighbours)

    def encode(self, values: Any) -> Any:
        """The distributions of values: ``(batch, h, w, dim)`` to ``(batch, h, w, num_bins)``."""
        near = -self._squares(values) / (2 * self.sigma**2)
        least = ops.top_k(near, self.neighbours)[0][..., -1:]
        return ops.softmax(ops.where(near >= least, near, -np.inf), axis=-1)

    def nearest(self, values: Any) -> Any:
        """The number of the bin nearest to each value: ``(batch, h, w, dim)`` to integers ``(batch, h, w)``."""
        return ops.argmin(self._squares(values), axis=-1)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example, ``(batch,)``."""
        check_last("y_true", y_true, self.bins.shape[1])
        check_last("y_pred", y_pred, len(self.bins))
        check_same_shape(slice(-1), y_true=y_true, y_pred=y_pred)
        losses = -ops.sum(self.encode(y_true) * ops.log_softmax(y_pred, axis=-1), axis=-1)
        if self.weights is not None:
            losses = losses * ops.take(ops.convert_to_tensor(self.weights, dtype=losses.dtype), self.nearest(y_true))
        return ops.mean(losses, axis=(1, 2))

    def _squares(self, values: Any) -> Any:
        """Squared distances to all bins, ``(batch, h, w, num_bins)``."""
        bins = ops.convert_to_tensor(self.bins, dtype=values.dtype)
        return sum(ops.square(values[..., axis : axis + 1] - bins[:, axis]) for axis in range(bins.shape[1]))

    def get_config(self) -> dict[str, Any]:
        return {
            "bins": self.bins.tolist(),
            "weights": None if self.weights is None else self.weights.tolist(),
            "sigma": self.sigma,
            "neighbours": self.neighbours,
            "name": self.name,
        }


def rebalancing_weights(frequencies: npt.ArrayLike, gamma: float = 0.5) -> np.ndarray:
    """Class weights that are larger for rare classes: ``((1 - gamma) p + gamma / Q)^-1``, scaled to mean 1 under p.

    Zhang et al., 2016, Equation 4.

    Reference:
        - Zhang et al. 2016, [Colorful Image Colorization](https://arxiv.org/abs/1603.08511)

    Args:
        frequencies: p, float (Q,), not negative, with sum 1, such as `pretext.ab_bin_frequencies` gives.
        gamma: in [0, 1]; with 1 all weights are equal.

    Returns:
        float64 array (Q,), `sum(frequencies * weights) == 1`.

    Raises:
        ValueError: if an argument is invalid; gamma must be positive if a class never occurs.

    Example:
        >>> rebalancing_weights([0.75, 0.25], gamma=0.0).round(3).tolist()
        [0.667, 2.0]
    """
    frequencies = np.asarray(frequencies, np.float64)
    if frequencies.ndim != 1 or np.any(frequencies < 0) or not np.isclose(frequencies.sum(), 1, atol=1e-4):
        raise ValueError(
            "`frequencies` must have shape (num_classes,), none negative, and sum to 1. "
            f"Received: shape={frequencies.shape}, sum={frequencies.sum():.4f}"
        )
    if not 0 <= gamma <= 1 or (gamma == 0 and not frequencies.min()):
        raise ValueError(
            f"`gamma` must lie in [0, 1], above 0 where a frequency is 0. Received: gamma={gamma}, the least "
            f"frequency {frequencies.min()}"
        )
    weights = 1 / ((1 - gamma) * frequencies + gamma / len(frequencies))
    return weights / np.sum(frequencies * weights)


@keras.saving.register_keras_serializable(package="keras_genssl")
def annealed_mean(logits: Any, bins: npt.ArrayLike, temperature: float = 0.38) -> Any:
    """The mean of the bins under a sharpened distribution: between the mode (0) and the mean (1).

    ``sum_q bins_q softmax(logits / temperature)_q`` (Zhang et al., 2016, Equation 5; there with log-probabilities,
    which differ from the logits by a constant).

    Reference:
        - Zhang et al. 2016, [Colorful Image Colorization](https://arxiv.org/abs/1603.08511)

    Args:
        logits: float ``(..., num_bins)``.
        bins: float array (num_bins, dim).
        temperature: positive.

    Returns:
        float ``(..., dim)``.

    Example:
        >>> [float(value) for value in annealed_mean(ops.zeros((2,)), [[0.0], [10.0]])]
        [5.0]
    """
    check_last("logits", logits, np.shape(bins)[0])
    return ops.matmul(ops.softmax(logits / temperature, axis=-1), ops.convert_to_tensor(bins, dtype=logits.dtype))
