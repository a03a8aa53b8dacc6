"""Relativistic adversarial losses: is one image more realistic than another?"""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import AdversarialLoss, both, per_image


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
