"""Masked pixels."""

from typing import Any

import keras
from keras import ops

from keras_genssl.corruptions.base import Corruption, check_rate
from keras_genssl.engine import replicas


@keras.saving.register_keras_serializable(package="keras_genssl")
class MaskingNoise(Corruption):
    """Sets each pixel, in all channels, to one value with probability `rate`.

    Vincent et al., 2008, use the value 0 in images of [0, 1], which is black; here black is -1.

    Reference:
        - Vincent et al. 2008, [Extracting and Composing Robust Features with Denoising
          Autoencoders](https://doi.org/10.1145/1390156.1390294)

    Args:
        rate: In [0, 1].
        value: In [-1, 1].

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> float(ops.max(MaskingNoise(rate=1.0)(ops.zeros((1, 4, 4, 3)), keras.random.SeedGenerator(0))))
        -1.0
    """

    def __init__(self, rate: float = 0.3, value: float = -1.0) -> None:
        self.rate = check_rate(rate)
        if not -1 <= value <= 1:
            raise ValueError(f"`value` must lie in [-1, 1]. Received: value={value}")
        self.value = float(value)

    def corrupt(self, images: Any, seed: keras.random.SeedGenerator) -> Any:
        """Returns masked images."""
        draw = replicas.uniform((*ops.shape(images)[:-1], 1), seed)
        return ops.where(draw < self.rate, ops.full_like(images, self.value), images)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "value": self.value}
