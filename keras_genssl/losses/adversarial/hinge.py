"""The adversarial hinge loss."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import AdversarialLoss, as_float, both, per_image


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
