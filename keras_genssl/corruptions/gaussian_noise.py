"""Additive Gaussian noise."""

from typing import Any

import keras
from keras import ops

from keras_genssl.corruptions.base import Corruption
from keras_genssl.engine import replicas


@keras.saving.register_keras_serializable(package="keras_genssl")
class GaussianNoise(Corruption):
    """Adds noise to every value: `x + stddev * N(0, 1)`, clipped to [-1, 1] like any stored image.

    Vincent et al., 2010, Section 3.3, who do not clip.

    Reference:
        - Vincent et al. 2010, [Stacked Denoising Autoencoders](https://jmlr.org/papers/v11/vincent10a.html)

    Args:
        stddev: At least 0, on the scale of [-1, 1].

    Raises:
        ValueError: If `stddev` is negative.

    Example:
        >>> noisy = GaussianNoise(0.5)(ops.zeros((1, 28, 28, 1)), keras.random.SeedGenerator(0))
        >>> bool(ops.max(ops.abs(noisy)) <= 1)
        True
    """

    def __init__(self, stddev: float = 0.5) -> None:
        if stddev < 0:
            raise ValueError(f"`stddev` must not be negative. Received: stddev={stddev}")
        self.stddev = float(stddev)

    def corrupt(self, images: Any, seed: keras.random.SeedGenerator) -> Any:
        """Returns noisy images."""
        return ops.clip(images + self.stddev * replicas.normal(ops.shape(images), seed), -1.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"stddev": self.stddev}
