"""The losses of the players of every adversarial method, the same on any number of replicas."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.adaptation import note_real
from keras_genssl.losses import AdversarialLoss


def discriminator_losses(loss: AdversarialLoss, real_logits: Any, fake_logits: Any) -> Any:
    """The adversarial loss of the discriminator for each example, `(batch,)`.

    It also tells an adaptive augmentation of the images how the discriminator judges real ones.
    """
    note_real(real_logits, loss.margin)
    return _of_its_batch(loss, loss.discriminator, real_logits, fake_logits)


def swapped_losses(loss: AdversarialLoss, real_logits: Any, fake_logits: Any) -> Any:
    """The loss of a discriminator that calls real images fake and generated ones real, `(batch,)`."""
    return _of_its_batch(loss, loss.discriminator, fake_logits, real_logits)


def generator_losses(loss: AdversarialLoss, fake_logits: Any, real_logits: Any = None) -> Any:
    """The adversarial loss of the generator for each example, `(batch,)`; uses `real_logits` if it `needs_real`."""
    logits = (fake_logits, real_logits) if loss.needs_real else (fake_logits,)
    return _of_its_batch(loss, loss.generator, *logits)


def losses_of_one_pass(
    loss: AdversarialLoss,
    discriminator: keras.Model,
    real: Any,
    fake: Any,
    players: tuple[str, ...],
    labels: Any = None,
) -> dict[str, Any]:
    """The losses of a round of generator, discriminator or both, for a discriminator under spectral normalisation.

    It sees real and generated images in one pass, so each update makes one power iteration, and both are judged by the
    same weights. The generator's own round needs no real images.

    Args:
        loss: An adversarial loss whose generator needs no real images, such as the hinge.
        discriminator: Images, or images and one-hot labels, to logits.
        real: `(batch, height, width, channels)`.
        fake: The generated images, of the same shape and of the same classes.
        players: Who is updated in this round.
        labels: One-hot `(batch, num_classes)` of both; None for a discriminator without classes.

    Returns:
        The losses of these players, each `(batch,)`.
    """
    if players == ("generator",):
        judged = discriminator(fake if labels is None else [fake, labels], training=True)
        return {"generator": generator_losses(loss, judged)}
    if "generator" not in players:
        fake = ops.stop_gradient(fake)
    both = ops.concatenate([real, fake])
    judged = discriminator(both if labels is None else [both, ops.concatenate([labels, labels])], training=True)
    real_logits, fake_logits = ops.split(judged, 2)
    losses = {"discriminator": discriminator_losses(loss, real_logits, fake_logits)}
    return losses | ({"generator": generator_losses(loss, fake_logits)} if "generator" in players else {})


def require_logits(argument: str, discriminator: keras.Model) -> None:
    """Requires that the first output of a discriminator is logits: `(batch, 1)`, or a map of them, `(batch, ..., 1)`.

    Raises:
        ValueError: If the size of the last axis is known and not 1.
    """
    shape = tuple(keras.tree.flatten(discriminator.outputs)[0].shape)
    if len(shape) > 1 and shape[-1] not in (1, None):
        further = ", before all other outputs" if len(discriminator.outputs) > 1 else ""
        raise ValueError(
            f"`{argument}` must give logits whose last axis is 1{further}. "
            f"Received: {discriminator.name!r} with an output of shape {shape}"
        )


def _of_its_batch(loss: AdversarialLoss, function: Any, *logits: Any) -> Any:
    return replicas.on_global_batch(function, *logits) if loss.needs_batch else function(*logits)
