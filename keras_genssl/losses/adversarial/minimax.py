"""The minimax objective."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import AdversarialLoss, as_float, both, cross_entropy, per_image


@keras.saving.register_keras_serializable(package="keras_genssl")
class MinimaxGANLoss(AdversarialLoss):
    """The minimax objective: ``-log D(x) - log(1 - D(G(z)))`` against ``log(1 - D(G(z)))``.

    Goodfellow et al., 2014, Eq. 1. The generator's gradient with respect to a fake's logit is ``-D(G(z))``: it vanishes
    as the discriminator learns to tell fakes apart (``benchmarks/vanishing_gradients.py``), which is why
    `NonSaturatingGANLoss` is what is trained with. Computed with softplus on logits, so that it is finite everywhere.

    With smoothed labels the discriminator minimises the cross-entropy to the targets ``1 - label_smoothing`` for real
    images and ``fake_smoothing`` for fakes. One-sided smoothing (Salimans et al., 2016, take 0.1) leaves the second at
    0: with it the best discriminator, ``((1 - s) p + f q) / (p + q)`` where real images have the density p and fakes q,
    pulls fakes to where they already are. Targets {0.01, 0.99} are 0.01 on both sides.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets, Eq. 1](https://arxiv.org/abs/1406.2661)
        - label smoothing: Salimans et al. 2016, [Improved Techniques for Training
          GANs](https://arxiv.org/abs/1606.03498)

    Args:
        label_smoothing: real images count as real with probability ``1 - label_smoothing``, in [0, 1).
        fake_smoothing: fakes count as real with this probability, in [0, 1); the two sum to less than 1.

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
