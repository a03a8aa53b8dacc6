"""Distributions of a pixel's level, an integer in [0, num_levels), given the outputs of a network."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.losses.arguments import check_count


class DiscreteDistribution:
    """The distribution of one integer level given `num_outputs` outputs of a network; holds no weights.

    A subclass defines `log_probs`, and `log_prob` where one level costs less than all.

    Args:
        num_levels: the number of levels, at least 2.
        num_outputs: how many outputs a network gives for each level that it predicts.

    Raises:
        ValueError: if there are fewer than 2 levels.
    """

    def __init__(self, num_levels: int, num_outputs: int) -> None:
        check_count(num_levels=num_levels)
        if num_levels < 2:
            raise ValueError(f"`num_levels` must be at least 2. Received: num_levels={num_levels}")
        self.num_levels = int(num_levels)
        self.num_outputs = int(num_outputs)

    def log_probs(self, outputs: Any) -> Any:
        """The log-probability of every level: float `(..., num_outputs)` to `(..., num_levels)`, in nats."""
        raise NotImplementedError

    def log_prob(self, levels: Any, outputs: Any) -> Any:
        """The log-probability of given levels, in nats.

        Args:
            levels: integers `(...)` in [0, num_levels).
            outputs: float `(..., num_outputs)`.

        Returns:
            float `(...)`.
        """
        chosen = ops.take_along_axis(self.log_probs(outputs), ops.cast(levels, "int32")[..., None], axis=-1)
        return ops.squeeze(chosen, axis=-1)

    def sample(self, outputs: Any, noise: Any) -> Any:
        """The levels at which the distribution function passes the noise.

        Args:
            outputs: float `(..., num_outputs)`.
            noise: uniform on [0, 1), `(...)`; the same noise and outputs give the same levels.

        Returns:
            int32 `(...)` in [0, num_levels); -1 where outputs are NaN.
        """
        below = ops.cumsum(ops.exp(self.log_probs(outputs)), axis=-1)[..., :-1]
        passed = ops.cast(noise, below.dtype)[..., None] >= below
        return ops.where(ops.isnan(below[..., -1]), -1, ops.sum(ops.cast(passed, "int32"), axis=-1))

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor."""
        return {"num_levels": self.num_levels}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DiscreteDistribution":
        """Makes a distribution from the arguments of `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_genssl")
class BernoulliDistribution(DiscreteDistribution):
    """Black (level 0) or white (level 1); the one output is the logit of white.

    Example:
        >>> distribution = BernoulliDistribution()
        >>> round(float(distribution.log_prob(ops.ones((1,), "int32"), ops.zeros((1, 1)))[0]), 4)  # log 1/2
        -0.6931
    """

    def __init__(self) -> None:
        super().__init__(num_levels=2, num_outputs=1)

    def log_probs(self, outputs: Any) -> Any:
        """`-softplus(logit)` and `-softplus(-logit)`."""
        logits = _full(outputs)
        return ops.concatenate([-ops.softplus(logits), -ops.softplus(-logits)], axis=-1)

    def log_prob(self, levels: Any, outputs: Any) -> Any:
        """`level * logit - softplus(logit)`."""
        logits = _full(outputs)[..., 0]
        return ops.cast(levels, logits.dtype) * logits - ops.softplus(logits)

    def get_config(self) -> dict[str, Any]:
        return {}


@keras.saving.register_keras_serializable(package="keras_genssl")
class CategoricalDistribution(DiscreteDistribution):
    """A softmax over all levels, which are unordered (van den Oord et al., 2016a); one output for each level.

    Reference:
        - van den Oord et al. 2016a, [Pixel Recurrent Neural Networks](https://arxiv.org/abs/1601.06759)

    Args:
        num_levels: the number of levels, at least 2: 256 for pixels of 8 bits, or the size of a codebook.

    Raises:
        ValueError: if there are fewer than 2 levels.

    Example:
        >>> distribution = CategoricalDistribution(256)
        >>> round(float(distribution.log_prob(ops.zeros((1,), "int32"), ops.zeros((1, 256)))[0]), 4)  # log 1/256
        -5.5452
    """

    def __init__(self, num_levels: int = 256) -> None:
        super().__init__(num_levels, num_levels)

    def log_probs(self, outputs: Any) -> Any:
        """The log-softmax of the outputs."""
        return ops.log_softmax(_full(outputs), axis=-1)

    def log_prob(self, levels: Any, outputs: Any) -> Any:
        """The cross-entropy's gather, without a tensor of all log-probabilities."""
        return -keras.losses.sparse_categorical_crossentropy(levels, _full(outputs), from_logits=True)


@keras.saving.register_keras_serializable(package="keras_genssl")
class DiscretizedLogisticMixture(DiscreteDistribution):
    """A mixture of logistics over the scale of levels, rounded to levels (Salimans et al., 2017).

    `p(level) = sum_m w_m (F_m(x + half) - F_m(x - half))` with x the level on the scale [-1, 1], F a logistic
    distribution function, and half of the distance of two levels. The lowest level takes all mass below it, the highest
    all above, so the probabilities sum to 1. Outputs are, for each level, the logits of the weights, the means and the
    log-scales. Channels of a pixel have mixtures of their own; a network predicts them in turn. (The paper has one
    mixture a pixel, whose means depend linearly on earlier channels.)

    Reference:
        - Salimans et al. 2017, [PixelCNN++](https://arxiv.org/abs/1701.05517)

    Args:
        num_levels: the number of levels, at least 2.
        num_mixtures: the number of logistics, at least 1.

    Raises:
        ValueError: if a number is too small.

    Example:
        >>> distribution = DiscretizedLogisticMixture(256, num_mixtures=2)
        >>> round(float(ops.sum(ops.exp(distribution.log_probs(ops.ones((1, 6)))))), 4)
        1.0
    """

    def __init__(self, num_levels: int = 256, num_mixtures: int = 10) -> None:
        check_count(num_mixtures=num_mixtures)
        super().__init__(num_levels, 3 * num_mixtures)
        self.num_mixtures = int(num_mixtures)

    def log_probs(self, outputs: Any) -> Any:
        """The log-probability of every level."""
        return self.log_prob(ops.arange(self.num_levels), outputs[..., None, :])

    def log_prob(self, levels: Any, outputs: Any) -> Any:
        """`logsumexp_m (log w_m + log(F_m(upper) - F_m(lower)))`."""
        logits, means, log_scales = ops.split(_full(outputs), 3, axis=-1)
        log_scales = ops.clip(log_scales, *_LOG_SCALES)
        levels = ops.cast(levels, logits.dtype)[..., None]
        half = 1.0 / (self.num_levels - 1)
        centred = levels * (2.0 * half) - 1.0 - means
        inverse = ops.exp(-log_scales)
        upper, lower = (centred + half) * inverse, (centred - half) * inverse
        # log(F(upper) - F(lower)) without cancellation: F(u) - F(l) = (1 - exp(l - u)) F(u) F(-l).
        inside = ops.log(-ops.expm1(-2.0 * half * inverse)) - ops.softplus(-upper) - ops.softplus(lower)
        below = -ops.softplus(-upper)  # log F(upper)
        above = -ops.softplus(lower)  # log(1 - F(lower))
        log_bins = ops.where(levels < 0.5, below, ops.where(levels > self.num_levels - 1.5, above, inside))
        return ops.logsumexp(ops.log_softmax(logits, axis=-1) + log_bins, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {"num_levels": self.num_levels, "num_mixtures": self.num_mixtures}


_LOG_SCALES = (math.log(1e-3), math.log(1e3))  # from an eighth of a level of 8 bits to a flat distribution


def _full(values: Any) -> Any:
    """The values in full precision, which sums over levels and pixels need under any dtype policy."""
    return ops.cast(values, keras.config.floatx())
