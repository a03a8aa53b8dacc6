"""The adversarial least-squares loss."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import AdversarialLoss, as_float, both, per_image
from keras_genssl.losses.arguments import check_finite, check_positive


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

    def get_config(self) -> dict[str, Any]:
        return {"a": self.a, "b": self.b, "c": self.c, "generator_scale": self.generator_scale}
