"""The gradient penalty of WGAN-GP."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.shapes import same_shape
from keras_genssl.penalties.base import DiscriminatorPenalty, checked_weight, distance_of_norm


@keras.saving.register_keras_serializable(package="keras_genssl")
class GradientPenalty(DiscriminatorPenalty):
    """Gradient norm 1 between real images and fakes: ``weight (‖∇ D(x̂)‖ - 1)²``, ``x̂ = x + α (G(z) - x)``.

    WGAN-GP, Gulrajani et al., 2017, Eq. 3. α is uniform on [0, 1), one number per image; the norm is that of the whole
    gradient of one image. The paper's critic has no batch normalisation.

    Reference:
        - Gulrajani et al. 2017, [Improved Training of Wasserstein GANs, Eq. 3](https://arxiv.org/abs/1704.00028)

    Args:
        weight: the paper's λ, at least 0.

    Raises:
        ValueError: if ``weight`` is negative.

    Example:
        >>> penalty, seed = GradientPenalty(weight=10.0), keras.random.SeedGenerator(0)
        >>> real, fake = ops.ones((2, 4)), ops.zeros((2, 4))
        >>> [round(float(value), 3) for value in penalty(lambda x: 3.0 * x[:, :1], real, fake, seed)]  # 10 (3 - 1)²
        [40.0, 40.0]
    """

    def __init__(self, weight: float = 10.0) -> None:
        self.weight = checked_weight("weight", weight)

    def __call__(
        self,
        discriminator: Callable[[Any], Any],
        real: Any,
        fake: Any,
        seed: keras.random.SeedGenerator,
        iterations: Any = None,
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        fake = same_shape("`fake`", fake, "`real`", real)
        alpha = replicas.uniform((ops.shape(real)[0], *[1] * (len(real.shape) - 1)), seed)  # (batch, 1, 1, 1)
        mixed = real + ops.cast(alpha, real.dtype) * (ops.cast(fake, real.dtype) - real)
        return self.weight * distance_of_norm(discriminator, mixed, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}
