"""The Wasserstein loss."""

from typing import Any

import keras

from keras_genssl.losses.adversarial.base import AdversarialLoss, as_float, both, per_image


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
