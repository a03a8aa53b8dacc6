"""Likelihoods of images given a decoder's output, in nats, and the divergence of a code's posterior."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.tensors import check_same_shape

MIN_LOG_VARIANCE = -12.0  # rounding to 256 levels in [-1, 1] has the variance (2/255)^2 / 12, whose log is -12.2
MAX_LOG_VARIANCE = 4.0


@keras.saving.register_keras_serializable(package="keras_genssl")
def standard_normal_kl(mean: Any, log_variance: Any) -> Any:
    """The divergence of diagonal Gaussians from the standard normal, in nats.

    ``KL(N(mean, exp(log_variance)) || N(0, 1)) = 1/2 sum_j (mean_j^2 + exp(lv_j) - lv_j - 1)``; Kingma & Welling, 2013,
    Appendix B.

    Reference:
        - Kingma and Welling 2013, [Auto-Encoding Variational Bayes, Appendices B and
          C](https://arxiv.org/abs/1312.6114)

    Args:
        mean: float ``(batch, dim)``.
        log_variance: float ``(batch, dim)``.

    Returns:
        ``(batch,)``, at least 0 up to rounding.

    Example:
        >>> float(standard_normal_kl(ops.ones((1, 3)), ops.zeros((1, 3)))[0])
        1.5
    """
    check_same_shape(mean=mean, log_variance=log_variance)
    return 0.5 * ops.sum(ops.square(mean) + ops.exp(log_variance) - log_variance - 1.0, axis=1)


def free_bits_kl(mean: Any, log_variance: Any, free_nats: float) -> Any:
    """`standard_normal_kl` with a floor for each dimension: ``sum_j max(free_nats, KL_j)``; Kingma et al., 2016.

    A dimension below the floor has no gradient, so it need not give up what little it tells.

    Reference:
        - Kingma et al. 2016, [Improving Variational Inference with Inverse Autoregressive
          Flow](https://arxiv.org/abs/1606.04934)

    Args:
        mean: float ``(batch, dim)``.
        log_variance: float ``(batch, dim)``.
        free_nats: the floor, at least 0.

    Returns:
        ``(batch,)``, at least ``dim * free_nats``.

    Example:
        >>> float(free_bits_kl(ops.convert_to_tensor([[2.0, 0.0]]), ops.zeros((1, 2)), 0.5)[0])  # 2 + 0.5
        2.5
    """
    check_same_shape(mean=mean, log_variance=log_variance)
    each = 0.5 * (ops.square(mean) + ops.exp(log_variance) - log_variance - 1.0)
    return ops.sum(ops.maximum(each, free_nats), axis=1)


class Likelihood(keras.layers.Layer):
    """The distribution p(x|z) of an image given a decoder's output; a layer, because it may own weights.

    A subclass defines `log_prob` and `mean`.

    Class attributes:
        needs_logits: whether outputs must be unbounded, so that a decoder's last activation must be linear.
    """

    needs_logits: bool = False

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name, dtype=keras.config.floatx())
        self.built = True

    def log_prob(self, images: Any, outputs: Any) -> Any:
        """``log p(x|z)`` in nats: images and a decoder's outputs ``(batch, h, w, c)`` to ``(batch,)``."""
        raise NotImplementedError

    def mean(self, outputs: Any) -> Any:
        """The expected image in [-1, 1], ``(batch, h, w, c)``."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}


@keras.saving.register_keras_serializable(package="keras_genssl")
class GaussianLikelihood(Likelihood):
    """Gaussian pixels with one variance around the decoder's output: ``N(x; output, variance I)``.

    ``log p(x|z) = -|x - output|^2 / (2 variance) - D/2 log(2 pi variance)`` with D pixel values. The variance is a
    weight, learnt as its logarithm (Rybkin et al., 2020). It converges to the mean squared error, and thereby sets the
    balance with the code's divergence; probabilistic PCA has the same noise model. The logarithm is kept in [-12, 4] by
    a constraint, applied after each step. ``variance=1.0, learn_variance=False`` is the lectures' ``N(f(z), 1)``; their
    code adds ``log 2 pi`` once per image instead of D times.

    Reference:
        - Kingma and Welling 2013, [Auto-Encoding Variational Bayes, Appendices B and
          C](https://arxiv.org/abs/1312.6114)
        - learnt variance: Rybkin et al. 2020, [sigma-VAE](https://arxiv.org/abs/2006.13202)

    Args:
        variance: initial variance of a pixel in [-1, 1]; its logarithm must lie in [-12, 4].
        learn_variance: whether the variance is trained.
        name: the layer's name.

    Raises:
        ValueError: if ``variance`` is outside its range.

    Example:
        >>> likelihood = GaussianLikelihood(variance=1.0)
        >>> zeros = ops.zeros((1, 2, 2, 1))
        >>> round(float(likelihood.log_prob(zeros, zeros)[0]), 4)  # -4/2 log(2 pi)
        -3.6758
    """

    def __init__(self, variance: float = 0.1, learn_variance: bool = True, name: str | None = None) -> None:
        if not variance > 0 or not MIN_LOG_VARIANCE <= math.log(variance) <= MAX_LOG_VARIANCE:
            raise ValueError(
                "`variance` must be positive, with a logarithm in "
                f"[{MIN_LOG_VARIANCE:g}, {MAX_LOG_VARIANCE:g}]. Received: variance={variance}"
            )
        super().__init__(name=name)
        self.variance = float(variance)
        self.learn_variance = learn_variance
        self.log_variance = self.add_weight(
            (),
            keras.initializers.Constant(math.log(variance)),
            trainable=learn_variance,
            constraint=_InRange(MIN_LOG_VARIANCE, MAX_LOG_VARIANCE),
            autocast=False,
            name="log_variance",
        )

    def log_prob(self, images: Any, outputs: Any) -> Any:
        """``log N(x; outputs, variance I)``, ``(batch,)``."""
        check_same_shape(images=images, outputs=outputs)
        axes = tuple(range(1, len(outputs.shape)))
        squares = ops.sum(ops.square(_full(images) - _full(outputs)), axis=axes)
        log_variance = ops.convert_to_tensor(self.log_variance)
        pixels = math.prod(outputs.shape[1:])
        return -0.5 * (squares * ops.exp(-log_variance) + pixels * (log_variance + math.log(2.0 * math.pi)))

    def mean(self, outputs: Any) -> Any:
        """The outputs, clipped to [-1, 1]."""
        return ops.clip(_full(outputs), -1.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "variance": self.variance, "learn_variance": self.learn_variance}


@keras.saving.register_keras_serializable(package="keras_genssl")
class BernoulliLikelihood(Likelihood):
    """Black and white pixels; the decoder's outputs are the logits of white.

    ``log p(x|z) = sum_i b_i logit_i - log(1 + exp(logit_i))`` with bits ``b = [x > 0]``: the image is binarised at the
    middle of the scale, deterministically. The formula is a probability only for bits, not for grey values. To show the
    encoder only the bits too, binarise the data (`pretext.binarized`).

    Reference:
        - Kingma and Welling 2013, [Auto-Encoding Variational Bayes, Appendices B and
          C](https://arxiv.org/abs/1312.6114)

    Args:
        name: the layer's name.

    Example:
        >>> likelihood = BernoulliLikelihood()
        >>> round(float(likelihood.log_prob(ops.ones((1, 2, 2, 1)), ops.zeros((1, 2, 2, 1)))[0]), 4)  # 4 log(1/2)
        -2.7726
    """

    needs_logits = True

    def log_prob(self, images: Any, outputs: Any) -> Any:
        """``log p(bits|z)``, ``(batch,)``."""
        check_same_shape(images=images, outputs=outputs)
        logits = _full(outputs)
        bits = _full(images > 0)
        return ops.sum(bits * logits - ops.softplus(logits), axis=tuple(range(1, len(outputs.shape))))

    def mean(self, outputs: Any) -> Any:
        """``2 sigmoid(logit) - 1``."""
        return ops.tanh(0.5 * _full(outputs))


def _full(values: Any) -> Any:
    """The values in full precision, which sums over pixels need under any dtype policy."""
    return ops.cast(values, keras.config.floatx())


@keras.saving.register_keras_serializable(package="keras_genssl")
class _InRange(keras.constraints.Constraint):
    """Keeps a weight between two values."""

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high

    def __call__(self, value: Any) -> Any:
        return ops.clip(value, self.low, self.high)

    def get_config(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}
