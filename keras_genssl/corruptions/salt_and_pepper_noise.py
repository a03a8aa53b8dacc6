"""White and black pixels."""

from typing import Any

import keras
from keras import ops

from keras_genssl.corruptions.base import Corruption, check_rate
from keras_genssl.engine import replicas


@keras.saving.register_keras_serializable(package="keras_genssl")
class SaltAndPepperNoise(Corruption):
    """Turns each pixel, in all channels, black or white, each with probability `rate / 2`.

    Vincent et al., 2010, Section 3.3.

    Reference:
        - Vincent et al. 2010, [Stacked Denoising Autoencoders](https://jmlr.org/papers/v11/vincent10a.html)

    Args:
        rate: In [0, 1].

    Raises:
        ValueError: If `rate` is outside its range.

    Example:
        >>> noisy = SaltAndPepperNoise(rate=1.0)(ops.zeros((1, 4, 4, 3)), keras.random.SeedGenerator(0))
        >>> float(ops.min(ops.abs(noisy)))
        1.0
    """

    def __init__(self, rate: float = 0.1) -> None:
        self.rate = check_rate(rate)

    def corrupt(self, images: Any, seed: keras.random.SeedGenerator) -> Any:
        """Returns images with salt-and-pepper noise."""
        draw = replicas.uniform((*ops.shape(images)[:-1], 1), seed)
        salted = ops.where(draw < self.rate, ops.full_like(images, 1.0), images)
        return ops.where(draw < self.rate / 2, ops.full_like(images, -1.0), salted)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate}
