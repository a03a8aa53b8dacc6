"""The non-saturating adversarial loss."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import as_float, per_image
from keras_genssl.losses.adversarial.minimax import MinimaxGANLoss


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
