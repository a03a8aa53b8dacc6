"""What all penalties on a discriminator's gradient share."""

from collections.abc import Callable
from typing import Any, Self

import keras
from keras import ops

from keras_genssl.engine import input_gradient

_EPSILON = 1e-12  # under the root, whose gradient at 0 is infinite


class DiscriminatorPenalty:
    """A penalty on the gradient of a discriminator with respect to images, added to its loss.

    Called as ``penalty(discriminator, real, fake, seed, iterations)``, it returns ``(batch,)``:

    - discriminator: a callable, images to logits ``(batch, 1)`` or patches ``(batch, h, w, 1)``, of which it is the
      mean whose gradient counts. Images must not meet in it: pass ``lambda x: discriminator(x, training=False)`` if
      it has batch normalisation (the moving statistics are used, and left alone).
    - real, fake: images (or points), float ``(batch, ...)``, as many of one as of the other.
    - seed: a `keras.random.SeedGenerator` held by the model, from which random numbers are drawn for the global
      batch, so that N replicas equal one device.
    - iterations: how many updates the discriminator has had, an int scalar; only lazy penalties read it.
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
        """Every argument."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Restore what ``get_config`` describes."""
        return cls(**config)


def squared_norms(discriminator: Callable[[Any], Any], images: Any) -> Any:
    """``‖∇ D(x)‖²`` of each image, ``(batch,)``."""

    def value(x: Any) -> Any:
        logits = ops.cast(discriminator(x), keras.config.floatx())
        return ops.mean(logits, axis=tuple(range(1, len(logits.shape))))

    slopes = ops.cast(input_gradient(value, images), keras.config.floatx())
    return ops.sum(ops.square(slopes), axis=tuple(range(1, len(slopes.shape))))


def distance_of_norm(discriminator: Callable[[Any], Any], images: Any, norm: float) -> Any:
    """``(‖∇ D(x)‖ - norm)²`` of each image, ``(batch,)``; its gradient is finite where ∇ D(x) is 0."""
    return ops.square(ops.sqrt(squared_norms(discriminator, images) + _EPSILON) - norm)


def checked_weight(name: str, value: float) -> float:
    """The weight of a penalty, if it is none that rewards."""
    if value < 0:
        raise ValueError(f"`{name}` must not be negative. Received: {name}={value}")
    return float(value)
