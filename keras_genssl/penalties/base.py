"""The base class of all penalties on a discriminator's gradient."""

from collections.abc import Callable
from typing import Any, Self

import keras
from keras import ops

from keras_genssl.engine import input_gradient

_EPSILON = 1e-12  # under the root, whose gradient at 0 is infinite


class DiscriminatorPenalty:
    """A penalty on the gradient of a discriminator with respect to images, added to its loss.

    Called as ``penalty(discriminator, real, fake, seed, iterations)``, it returns ``(batch,)``:

    - discriminator: a callable, images to logits ``(batch, 1)`` or to patches ``(batch, h, w, 1)``; for patches, the
      gradient is that of their mean. The output of an image must not depend on other images: if the discriminator has
      batch normalisation, pass ``lambda x: discriminator(x, training=False)``, which uses the moving statistics and
      does not change them.
    - real, fake: images (or points), float ``(batch, ...)``, the same number of both.
    - seed: a `keras.random.SeedGenerator` of the model. Random numbers are drawn for the global batch, so that N
      replicas equal one device.
    - iterations: the number of updates of the discriminator so far, an int scalar; only lazy penalties use it.
    """

    def __call__(
        self,
        discriminator: Callable[[Any], Any],
        real: Any,
        fake: Any,
        seed: Any,
        iterations: Any = None,
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes a penalty from the arguments of ``get_config``."""
        return cls(**config)


def squared_norms(discriminator: Callable[[Any], Any], images: Any) -> Any:
    """``‖∇ D(x)‖²`` of each image, ``(batch,)``."""

    def value(x: Any) -> Any:
        logits = ops.cast(discriminator(x), keras.config.floatx())
        return ops.mean(logits, axis=tuple(range(1, len(logits.shape))))

    slopes = ops.cast(input_gradient(value, images), keras.config.floatx())
    return ops.sum(ops.square(slopes), axis=tuple(range(1, len(slopes.shape))))


def distance_of_norm(discriminator: Callable[[Any], Any], images: Any, norm: float) -> Any:
    """``(‖∇ D(x)‖ - norm)²`` of each image, ``(batch,)``; its gradient is finite even if ∇ D(x) is 0."""
    return ops.square(ops.sqrt(squared_norms(discriminator, images) + _EPSILON) - norm)


def checked_weight(name: str, value: float) -> float:
    """Returns the weight of a penalty; raises ValueError if it is negative."""
    if value < 0:
        raise ValueError(f"`{name}` must not be negative. Received: {name}={value}")
    return float(value)
