"""Corruptions: damage that a denoising autoencoder learns to undo, in batches, equal on any number of replicas."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import batches, replicas

__all__ = ["Corruption", "GaussianNoise", "MaskingNoise", "SaltAndPepperNoise"]


class Corruption:
    """A way to damage images; one subclass per noise.

    A subclass defines `corrupt(images, seed)`, and `get_config` if it has arguments. It draws random numbers by
    `engine.replicas`, so that N replicas damage a batch exactly as one device would.
    """

    def __call__(self, images: Any, seed: keras.random.SeedGenerator) -> Any:
        """Returns damaged images.

        Args:
            images: `(batch, h, w, c)`, uint8 or float in [-1, 1].
            seed: The generator to draw from.

        Returns:
            A float tensor of the same shape, in [-1, 1].

        Raises:
            ValueError: If images are neither uint8 nor float, or, outside of graphs, leave [-1, 1].
        """
        return self.corrupt(batches.scaled(images), seed)

    def corrupt(self, images: Any, seed: keras.random.SeedGenerator) -> Any:
        """Returns damaged images, from float images in [-1, 1]."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Corruption":
        """Rebuilds what `get_config` describes."""
        return cls(**config)


def check_rate(rate: float) -> float:
    """Returns a share of pixels as a float.

    Raises:
        ValueError: If the share is outside [0, 1].
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"`rate` must lie in [0, 1]. Received: rate={rate}")
    return float(rate)


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
