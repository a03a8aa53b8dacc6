"""The R1 penalty."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_genssl.penalties.base import DiscriminatorPenalty, checked_weight, squared_norms


@keras.saving.register_keras_serializable(package="keras_genssl")
class R1Penalty(DiscriminatorPenalty):
    """Gradient 0 at real images: ``gamma / 2 ‖∇ D(x)‖²``.

    Mescheder et al., 2018, Eq. 9. It uses no random numbers and no fakes. The target norm is 0, not 1: at the
    equilibrium the discriminator is constant.

    With ``every=k`` the penalty is lazy (Karras et al., 2020, Section 3.1, k = 16): it is computed only at every k-th
    update, with k times the weight, which is nearly as good and has a k-th of the cost. The caller passes the number of
    the update, from a counter that is the same on all replicas and saved with the model: that of the discriminator's
    optimizer, before its update.

        penalty(discriminator, real, fake, seed, self.discriminator_optimizer.iterations)

    Only the penalty is computed inside a conditional; the optimizer is applied at every update. Replicas cannot
    communicate inside it, so the discriminator must not synchronise batch statistics (``training=False`` does not). The
    paper's code gives the penalty its own update, k + 1 updates in place of k, and therefore scales Adam's learning
    rate by ``c = k / (k + 1)`` and raises its betas to the power of c. Here it is part of an update; nothing is scaled.

    Reference:
        - Mescheder et al. 2018, [Which Training Methods for GANs do actually
          Converge?](https://arxiv.org/abs/1801.04406)
        - lazy: Karras et al. 2020, [StyleGAN2](https://arxiv.org/abs/1912.04958)

    Args:
        gamma: the paper's γ, at least 0; 10 for StyleGAN.
        every: k, an int of at least 1; with 1 the penalty is not lazy.

    Raises:
        ValueError: if an argument is outside its range, or a lazy penalty is called without ``iterations``.

    Example:
        >>> images = ops.ones((2, 4))
        >>> penalty = R1Penalty(gamma=10.0)
        >>> [float(value) for value in penalty(lambda x: 3.0 * x[:, :1], images, None, None)]  # 10 / 2 · 3²
        [45.0, 45.0]
        >>> lazy = R1Penalty(gamma=10.0, every=4)
        >>> [float(lazy(lambda x: 3.0 * x[:, :1], images, None, None, step)[0]) for step in range(5)]
        [180.0, 0.0, 0.0, 0.0, 180.0]
    """

    def __init__(self, gamma: float = 10.0, every: int = 1) -> None:
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"`every` must be a positive int. Received: every={every}")
        self.gamma = checked_weight("gamma", gamma)
        self.every = every

    def __call__(
        self,
        discriminator: Callable[[Any], Any],
        real: Any,
        fake: Any,
        seed: Any = None,
        iterations: Any = None,
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        if self.every == 1:
            return self._penalty(discriminator, real)
        if iterations is None:
            raise ValueError(
                "`iterations` must be given to an R1Penalty that is lazy: the iterations of the discriminator's "
                f"optimizer. Received: iterations=None with every={self.every}"
            )
        return ops.cond(
            ops.equal(ops.cast(iterations, "int32") % self.every, 0),
            lambda: self.every * self._penalty(discriminator, real),
            lambda: ops.zeros((ops.shape(real)[0],), keras.config.floatx()),
        )

    def _penalty(self, discriminator: Callable[[Any], Any], real: Any) -> Any:
        return 0.5 * self.gamma * squared_norms(discriminator, real)

    def get_config(self) -> dict[str, Any]:
        return {"gamma": self.gamma, "every": self.every}
