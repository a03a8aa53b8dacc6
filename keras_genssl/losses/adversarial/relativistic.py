"""Relativistic objectives: is this image more real than that one?"""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import AdversarialLoss, both, per_image


@keras.saving.register_keras_serializable(package="keras_genssl")
class RelativisticGANLoss(AdversarialLoss):
    """The relativistic objective: ``-log σ(C(x) - C(G(z)))`` against ``-log σ(C(G(z)) - C(x))``.

    RSGAN, Jolicoeur-Martineau, 2018, Section 4.2. C is the logit; row i of the real batch is compared with row i of the
    fakes (and patch with patch), so both batches have the same size. The optimum is C equal on both, with loss log 2
    for either player.

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
    """The relativistic average objective: is an image more real than the other kind is on average?

    RaSGAN, Jolicoeur-Martineau, 2018, Section 4.3, the objective of ESRGAN. The discriminator minimises
    ``-log σ(C(x) - E C(G(z))) - log(1 - σ(C(G(z)) - E C(x)))``, the generator the same with the roles exchanged. The
    expectations are means over the batch (of patches: at each place its own), hence ``needs_batch``. The optimum is log
    4 for either player.

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
