"""What the translation methods share."""

from typing import Any

from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.shapes import same_shape
from keras_genssl.losses import AdversarialLoss


def absolute_error(name: str, images: Any, others: Any) -> Any:
    """The mean absolute error of each image, `(batch,)`, of the field `name`, against what was made of them.

    Raises:
        ValueError: If the two have not one shape; when run, where shapes are not known before.
    """
    images = same_shape(f"`{name}`", images, "what is made of it", others)
    return ops.mean(ops.abs(images - others), axis=(1, 2, 3))


def deception(loss: AdversarialLoss, real_logits: Any, fake_logits: Any) -> Any:
    """A generator's adversarial loss, `(batch,)`."""
    logits = (fake_logits, real_logits) if loss.needs_real else (fake_logits,)
    return _on_its_batch(loss, loss.generator, *logits)


def detection(loss: AdversarialLoss, real_logits: Any, fake_logits: Any) -> Any:
    """A discriminator's adversarial loss, `(batch,)`."""
    return _on_its_batch(loss, loss.discriminator, real_logits, fake_logits)


def _on_its_batch(loss: AdversarialLoss, function: Any, *logits: Any) -> Any:
    return replicas.on_global_batch(function, *logits) if loss.needs_batch else function(*logits)


def require_weights(**weights: float) -> None:
    """Raises ValueError where a weight of a loss is negative."""
    for name, weight in weights.items():
        if not weight >= 0:
            raise ValueError(f"`{name}` must not be negative. Received: {name}={weight}")
