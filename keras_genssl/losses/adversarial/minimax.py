"""The adversarial minimax loss."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import AdversarialLoss, as_float, both, cross_entropy, per_image


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
