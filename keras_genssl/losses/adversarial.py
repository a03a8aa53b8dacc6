"""Adversarial losses: the losses of discriminators and generators, on logits (high means real).

Guide: docs/generative.md. Vanishing gradients, minimax against non-saturating: `benchmarks/vanishing_gradients.py`.
"""

from typing import Any, ClassVar, Self

import keras
from keras import ops

from keras_genssl.checks.tensors import check_same_shape
from keras_genssl.losses.arguments import check_finite, check_positive

__all__ = [
    "AdversarialLoss",
    "HingeGANLoss",
    "LeastSquaresGANLoss",
    "MinimaxGANLoss",
    "NonSaturatingGANLoss",
    "RelativisticAverageGANLoss",
    "RelativisticGANLoss",
    "WassersteinGANLoss",
]


class AdversarialLoss:
    """The losses of a discriminator and a generator; one subclass per adversarial loss.

    A subclass defines ``discriminator(real_logits, fake_logits)`` and ``generator(fake_logits, real_logits)``, which
    return ``(batch,)``, and ``get_config`` if it has arguments. Logits are float ``(batch, ...)``: one per image, or
    one per patch, over which the loss is averaged. Losses are computed in float32 at least. Logits of real images and
    of fakes must have the same shape.

    Class attributes:
        needs_real: whether ``generator`` needs the logits of real images too.
        needs_batch: whether the loss of an image depends on the other images' logits. On several replicas call such a
            loss through `keras_genssl.engine.replicas.on_global_batch`; otherwise each replica compares only its own
            images.

    Example:
        >>> class EarthMover(AdversarialLoss):
        ...     def discriminator(self, real_logits, fake_logits):
        ...         return per_image(fake_logits - real_logits)
        >>> [float(value) for value in EarthMover().discriminator(ops.ones((2, 3, 3, 1)), ops.zeros((2, 3, 3, 1)))]
        [-1.0, -1.0]
    """

    needs_real: ClassVar[bool] = False
    needs_batch: ClassVar[bool] = False

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """The discriminator's loss for each example, ``(batch,)``."""
        raise NotImplementedError

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """The generator's loss for each example, ``(batch,)``; uses ``real_logits`` if ``needs_real`` is True."""
        raise NotImplementedError

    def margin(self, logits: Any) -> Any:
        """How far a discriminator is from its boundary, of the shape of the logits; above 0 where it says "real".

        By default the logits themselves, whose boundary is 0. Where a loss compares logits with one another
        (`WassersteinGANLoss`, `RelativisticGANLoss`), it leaves the boundary free, and a sign tells little.
        """
        return logits

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes a loss from the arguments of ``get_config``."""
        return cls(**config)


def both(real_logits: Any, fake_logits: Any) -> tuple[Any, Any]:
    """Both logits in float32 at least.

    Raises:
        ValueError: If their shapes are known and differ.
    """
    real, fake = as_float(real_logits), as_float(fake_logits)
    check_same_shape(real_logits=real, fake_logits=fake)
    return real, fake


def as_float(logits: Any) -> Any:
    """Logits in float32 at least: the square of a float16 logit overflows from 256 on."""
    logits = ops.convert_to_tensor(logits)
    return ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))


def per_image(values: Any) -> Any:
    """The mean over all axes but the first, ``(batch,)``."""
    return ops.mean(values, axis=tuple(range(1, len(values.shape))))


def cross_entropy(logits: Any, target: float) -> Any:
    """``-t log σ(l) - (1 - t) log(1 - σ(l)) = softplus(l) - t l`` for logits l and the target t, finite everywhere.

    Uses softplus(-l) for targets above 0.5: without a cancellation, a loss near 0 keeps its digits.
    """
    if target > 0.5:
        return ops.softplus(-logits) + (1.0 - target) * logits
    return ops.softplus(logits) - target * logits


@keras.saving.register_keras_serializable(package="keras_genssl")
class MinimaxGANLoss(AdversarialLoss):
    """The minimax loss: ``-log D(x) - log(1 - D(G(z)))`` for D, ``log(1 - D(G(z)))`` for G.

    Goodfellow et al., 2014, Eq. 1. The generator's gradient with respect to a fake's logit is ``-D(G(z))``. It vanishes
    as the discriminator learns to recognise fakes (``benchmarks/vanishing_gradients.py``), so in practice one trains
    with `NonSaturatingGANLoss`. The loss is computed with softplus on logits, so it is finite everywhere.

    With smoothed labels the discriminator minimises the cross-entropy to the targets ``1 - label_smoothing`` for real
    images and ``fake_smoothing`` for fakes. One-sided smoothing (Salimans et al., 2016, use 0.1) keeps
    ``fake_smoothing`` at 0. Otherwise the best discriminator, ``((1 - s) p + f q) / (p + q)`` for the densities p of
    real images and q of fakes, attracts fakes to where they already are. For the targets {0.01, 0.99} set both
    arguments to 0.01.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets, Eq. 1](https://arxiv.org/abs/1406.2661)
        - label smoothing: Salimans et al. 2016, [Improved Techniques for Training
          GANs](https://arxiv.org/abs/1606.03498)

    Args:
        label_smoothing: in [0, 1); the target of real images is ``1 - label_smoothing``.
        fake_smoothing: in [0, 1); the target of fakes. The two must sum to less than 1.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> loss = MinimaxGANLoss()
        >>> [round(float(value), 4) for value in loss.discriminator(ops.zeros((1, 1)), ops.zeros((1, 1)))]
        [1.3863]
        >>> [round(float(value), 4) for value in loss.generator(ops.zeros((1, 1)))]
        [-0.6931]
    """

    def __init__(self, label_smoothing: float = 0.0, fake_smoothing: float = 0.0) -> None:
        for name, value in (("label_smoothing", label_smoothing), ("fake_smoothing", fake_smoothing)):
            if not 0.0 <= value < 1.0:
                raise ValueError(f"`{name}` must lie in [0, 1). Received: {name}={value}")
        if label_smoothing + fake_smoothing >= 1.0:
            raise ValueError(
                "`label_smoothing` and `fake_smoothing` must sum to less than 1, or fakes would count as real. "
                f"Received: label_smoothing={label_smoothing}, fake_smoothing={fake_smoothing}"
            )
        self.label_smoothing = float(label_smoothing)
        self.fake_smoothing = float(fake_smoothing)

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """``H(1 - s, D(x)) + H(f, D(G(z)))``, H the cross-entropy, ``(batch,)``; s, f: the smoothings."""
        real, fake = both(real_logits, fake_logits)
        of_real = cross_entropy(real, 1.0 - self.label_smoothing)
        return per_image(of_real) + per_image(cross_entropy(fake, self.fake_smoothing))

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """``log(1 - D(G(z)))``, ``(batch,)``; at most 0."""
        return -per_image(ops.softplus(as_float(fake_logits)))

    def get_config(self) -> dict[str, Any]:
        return {"label_smoothing": self.label_smoothing, "fake_smoothing": self.fake_smoothing}


@keras.saving.register_keras_serializable(package="keras_genssl")
class NonSaturatingGANLoss(MinimaxGANLoss):
    """The non-saturating loss: ``-log D(x) - log(1 - D(G(z)))`` for D, ``-log D(G(z))`` for G.

    Goodfellow et al., 2014, Section 3. The discriminator's loss is that of `MinimaxGANLoss`. The generator's gradient
    with respect to a fake's logit is ``D(G(z)) - 1``, which is largest in magnitude if D recognises the fake. The
    generator's target is 1, whatever the smoothing of the discriminator's labels.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets, Section 3](https://arxiv.org/abs/1406.2661)

    Args:
        label_smoothing, fake_smoothing: those of `MinimaxGANLoss`.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> loss = NonSaturatingGANLoss(label_smoothing=0.1)
        >>> [round(float(value), 4) for value in loss.generator(ops.zeros((1, 1)))]
        [0.6931]
    """

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """``-log D(G(z))``, ``(batch,)``."""
        return per_image(ops.softplus(-as_float(fake_logits)))


@keras.saving.register_keras_serializable(package="keras_genssl")
class LeastSquaresGANLoss(AdversarialLoss):
    """The least-squares loss: ``(D(x) - b)² / 2 + (D(G(z)) - a)² / 2`` for D, ``(D(G(z)) - c)² / 2`` for G.

    Mao et al., 2017, Eq. 2; D is the logit itself. The defaults are those of Eq. 9: labels 0 and 1, and c = b. With
    ``a=-1, b=1, c=0`` (Eq. 8) the generator minimises the Pearson χ² divergence between p + q and 2 q. CycleGAN's
    published code halves the discriminator's squares but not the generator's: ``generator_scale=1.0``.

    Reference:
        - Mao et al. 2017, [Least Squares Generative Adversarial Networks](https://arxiv.org/abs/1611.04076)

    Args:
        a: label of fakes, for the discriminator.
        b: label of real images, for the discriminator; must differ from a.
        c: label that the generator wants its fakes to have.
        generator_scale: factor of the generator's square, positive; the paper's is 0.5.

    Raises:
        ValueError: if ``a`` equals ``b``, one of ``a``, ``b``, ``c`` is not finite, or ``generator_scale`` is
            not positive and finite.

    Example:
        >>> loss = LeastSquaresGANLoss()
        >>> [float(value) for value in loss.discriminator(ops.zeros((1, 1)), 3 * ops.ones((1, 1)))]
        [5.0]
    """

    def __init__(self, a: float = 0.0, b: float = 1.0, c: float = 1.0, generator_scale: float = 0.5) -> None:
        check_finite(a=a, b=b, c=c)
        if a == b:
            raise ValueError(f"`a` and `b` must differ: they label fakes and real images. Received: a={a}, b={b}")
        check_positive(generator_scale=generator_scale)
        self.a = float(a)
        self.b = float(b)
        self.c = float(c)
        self.generator_scale = float(generator_scale)

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """``(D(x) - b)² / 2 + (D(G(z)) - a)² / 2``, ``(batch,)``."""
        real, fake = both(real_logits, fake_logits)
        return 0.5 * (per_image(ops.square(real - self.b)) + per_image(ops.square(fake - self.a)))

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """``generator_scale (D(G(z)) - c)²``, ``(batch,)``."""
        return self.generator_scale * per_image(ops.square(as_float(fake_logits) - self.c))

    def margin(self, logits: Any) -> Any:
        """``(D(x) - (a + b) / 2) (b - a)``: the boundary is half way between the labels."""
        return (as_float(logits) - 0.5 * (self.a + self.b)) * (self.b - self.a)

    def get_config(self) -> dict[str, Any]:
        return {"a": self.a, "b": self.b, "c": self.c, "generator_scale": self.generator_scale}


@keras.saving.register_keras_serializable(package="keras_genssl")
class HingeGANLoss(AdversarialLoss):
    """The hinge loss: ``max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`` for D, ``-D(G(z))`` for G.

    Lim and Ye, 2017; as in SNGAN (Miyato et al., 2018, Eqs. 16 and 17). D is the logit. For patches, the hinge is
    applied to each patch.

    Reference:
        - Lim and Ye 2017, [Geometric GAN](https://arxiv.org/abs/1705.02894)
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)

    Example:
        >>> loss = HingeGANLoss()
        >>> [float(value) for value in loss.discriminator(2 * ops.ones((1, 1)), ops.zeros((1, 1)))]
        [1.0]
    """

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """``max(0, 1 - D(x)) + max(0, 1 + D(G(z)))``, ``(batch,)``."""
        real, fake = both(real_logits, fake_logits)
        return per_image(ops.relu(1.0 - real)) + per_image(ops.relu(1.0 + fake))

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """``-D(G(z))``, ``(batch,)``."""
        return -per_image(as_float(fake_logits))


@keras.saving.register_keras_serializable(package="keras_genssl")
class WassersteinGANLoss(AdversarialLoss):
    """The Wasserstein loss: ``D(G(z)) - D(x)`` for D, ``-D(G(z))`` for G.

    Arjovsky et al., 2017, Eq. 2. It is meaningful only for a critic D with a bounded Lipschitz constant: use
    `keras_genssl.penalties.clip_weights` (as in the paper), `keras_genssl.penalties.GradientPenalty` or
    `keras_genssl.layers.SpectralNormalization`. The negative of the discriminator's loss then estimates the Wasserstein
    distance times that constant.

    Reference:
        - Arjovsky et al. 2017, [Wasserstein GAN](https://arxiv.org/abs/1701.07875)

    Example:
        >>> loss = WassersteinGANLoss()
        >>> [float(value) for value in loss.discriminator(2 * keras.ops.ones((1, 1)), keras.ops.ones((1, 1)))]
        [-1.0]
    """

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """``D(G(z)) - D(x)``, ``(batch,)``."""
        real, fake = both(real_logits, fake_logits)
        return per_image(fake) - per_image(real)

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """``-D(G(z))``, ``(batch,)``."""
        return -per_image(as_float(fake_logits))


@keras.saving.register_keras_serializable(package="keras_genssl")
class RelativisticGANLoss(AdversarialLoss):
    """The relativistic loss: ``-log σ(C(x) - C(G(z)))`` for D, ``-log σ(C(G(z)) - C(x))`` for G.

    RSGAN, Jolicoeur-Martineau, 2018, Section 4.2. C is the logit. Row i of the real batch is compared with row i of the
    fakes (and patch with patch), so both batches must have the same size. At the optimum C is equal on both, and the
    loss of either player is log 2.

    Reference:
        - Jolicoeur-Martineau 2018, [The Relativistic Discriminator](https://arxiv.org/abs/1807.00734)

    Example:
        >>> loss = RelativisticGANLoss()
        >>> [round(float(value), 4) for value in loss.generator(ops.ones((1, 1)), ops.ones((1, 1)))]
        [0.6931]
    """

    needs_real: ClassVar[bool] = True

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """``-log σ(C(x) - C(G(z)))``, ``(batch,)``."""
        real, fake = both(real_logits, fake_logits)
        return per_image(ops.softplus(fake - real))

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """``-log σ(C(G(z)) - C(x))``, ``(batch,)``."""
        return self.discriminator(fake_logits, _given(real_logits, self))


@keras.saving.register_keras_serializable(package="keras_genssl")
class RelativisticAverageGANLoss(AdversarialLoss):
    """The relativistic average loss: compares each image with the average of the other kind.

    RaSGAN, Jolicoeur-Martineau, 2018, Section 4.3, the loss of ESRGAN. The discriminator minimises
    ``-log σ(C(x) - E C(G(z))) - log(1 - σ(C(G(z)) - E C(x)))``; the generator minimises the same with real images and
    fakes exchanged. The expectations are means over the batch (for patches, at each place separately), hence
    ``needs_batch``. The optimum is log 4 for either player.

    Reference:
        - Jolicoeur-Martineau 2018, [The Relativistic Discriminator](https://arxiv.org/abs/1807.00734)

    Example:
        >>> loss = RelativisticAverageGANLoss()
        >>> [round(float(value), 4) for value in loss.generator(ops.ones((1, 1)), ops.ones((1, 1)))]
        [1.3863]
    """

    needs_real: ClassVar[bool] = True
    needs_batch: ClassVar[bool] = True

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """``-log σ(C(x) - E C(G(z))) - log(1 - σ(C(G(z)) - E C(x)))``, ``(batch,)``."""
        real, fake = both(real_logits, fake_logits)
        above = real - ops.mean(fake, axis=0, keepdims=True)
        below = fake - ops.mean(real, axis=0, keepdims=True)
        return per_image(ops.softplus(-above)) + per_image(ops.softplus(below))

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """``-log σ(C(G(z)) - E C(x)) - log(1 - σ(C(x) - E C(G(z))))``, ``(batch,)``."""
        return self.discriminator(fake_logits, _given(real_logits, self))


def _given(real_logits: Any, loss: AdversarialLoss) -> Any:
    if real_logits is None:
        raise ValueError(
            f"`real_logits` must be given to the generator of {type(loss).__name__}, which compares with real images. "
            "Received: real_logits=None"
        )
    return real_logits
