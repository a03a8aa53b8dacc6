"""The base class of corruptions."""

from typing import Any

import keras

from keras_genssl.engine import batches


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
