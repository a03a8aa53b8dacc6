"""The gradient penalty of DRAGAN."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.penalties.base import DiscriminatorPenalty, checked_weight, distance_of_norm


@keras.saving.register_keras_serializable(package="keras_genssl")
class DRAGANPenalty(DiscriminatorPenalty):
    """Gradient norm 1 around real images: ``weight (‖∇ D(x + δ)‖ - 1)²``, ``δ = std(X) U / 2``.

    Kodali et al., 2017, Section 2.3. As in its code, the noise U is uniform on [0, 1), one number per pixel. ``std(X)``
    is the standard deviation of all pixels of the *global* batch. Fakes are not used.

    Reference:
        - Kodali et al. 2017, [On Convergence and Stability of GANs](https://arxiv.org/abs/1705.07215)

    Args:
        weight: the paper's λ, at least 0.

    Raises:
        ValueError: if ``weight`` is negative.

    Example:
        >>> penalty, seed = DRAGANPenalty(weight=10.0), keras.random.SeedGenerator(0)
        >>> images = ops.ones((2, 4))
        >>> [round(float(value), 3) for value in penalty(lambda x: 3.0 * x[:, :1], images, None, seed)]  # 10 (3 - 1)²
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
        noise = replicas.uniform((ops.shape(real)[0], *real.shape[1:]), seed)
        around = real + ops.cast(0.5 * _deviation(real) * noise, real.dtype)
        return self.weight * distance_of_norm(discriminator, around, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}


def _deviation(images: Any) -> Any:
    """The standard deviation of all pixels on all replicas, a scalar."""
    images = ops.stop_gradient(ops.cast(images, keras.config.floatx()))
    axes = tuple(range(1, len(images.shape)))
    mean = ops.mean(replicas.all_gather(ops.mean(images, axis=axes)))
    return ops.sqrt(ops.mean(replicas.all_gather(ops.mean(ops.square(images - mean), axis=axes))))
