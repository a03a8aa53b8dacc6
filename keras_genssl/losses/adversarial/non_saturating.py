"""The non-saturating objective."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import as_float, per_image
from keras_genssl.losses.adversarial.minimax import MinimaxGANLoss


@keras.saving.register_keras_serializable(package="keras_genssl")
class NonSaturatingGANLoss(MinimaxGANLoss):
    """The non-saturating objective: ``-log D(x) - log(1 - D(G(z)))`` against ``-log D(G(z))``.

    Goodfellow et al., 2014, Section 3. The discriminator is that of `MinimaxGANLoss`; the generator's gradient with
    respect to a fake's logit is ``D(G(z)) - 1``, largest where the fake is told apart. Its target stays 1, whatever the
    discriminator's labels are smoothed to.

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
