"""The base class of all adversarial losses."""

from typing import Any, ClassVar, Self

import keras
from keras import ops

from keras_genssl.checks.shapes import check_same_shape


class AdversarialLoss:
    """The losses of a discriminator and a generator; one subclass per adversarial loss.

    A subclass defines ``discriminator(real_logits, fake_logits)`` and ``generator(fake_logits, real_logits)``, which
    return ``(batch,)``, and ``get_config`` if it has arguments. Logits are float ``(batch, ...)``: one per image, or
    one per patch, over which the loss is averaged. Losses are computed in float32 at least. Logits of real images and
    of fakes must have the same shape.

    Class attributes:
        needs_real: whether ``generator`` needs the logits of real images too.
        needs_batch: whether the loss of an image depends on the other images' logits. On several replicas call such a
            loss through `keras_genssl.engine.replicas.on_global_batch`; otherwise each replica compares only its own
            images.

    Example:
        >>> class EarthMover(AdversarialLoss):
        ...     def discriminator(self, real_logits, fake_logits):
        ...         return per_image(fake_logits - real_logits)
        >>> [float(value) for value in EarthMover().discriminator(ops.ones((2, 3, 3, 1)), ops.zeros((2, 3, 3, 1)))]
        [-1.0, -1.0]
    """

    needs_real: ClassVar[bool] = False
    needs_batch: ClassVar[bool] = False

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """The discriminator's loss for each example, ``(batch,)``."""
        raise NotImplementedError

    def generator(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """The generator's loss for each example, ``(batch,)``; uses ``real_logits`` if ``needs_real`` is True."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes a loss from the arguments of ``get_config``."""
        return cls(**config)


def both(real_logits: Any, fake_logits: Any) -> tuple[Any, Any]:
    """Both logits in float32 at least.

    Raises:
        ValueError: If their shapes are known and differ.
    """
    real, fake = as_float(real_logits), as_float(fake_logits)
    check_same_shape(real_logits=real, fake_logits=fake)
    return real, fake


def as_float(logits: Any) -> Any:
    """Logits in float32 at least: the square of a float16 logit overflows from 256 on."""
    logits = ops.convert_to_tensor(logits)
    return ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))


def per_image(values: Any) -> Any:
    """The mean over all axes but the first, ``(batch,)``."""
    return ops.mean(values, axis=tuple(range(1, len(values.shape))))


def cross_entropy(logits: Any, target: float) -> Any:
    """``-t log σ(l) - (1 - t) log(1 - σ(l)) = softplus(l) - t l`` for logits l and the target t, finite everywhere.

    Uses softplus(-l) for targets above 0.5: without a cancellation, a loss near 0 keeps its digits.
    """
    if target > 0.5:
        return ops.softplus(-logits) + (1.0 - target) * logits
    return ops.softplus(logits) - target * logits
