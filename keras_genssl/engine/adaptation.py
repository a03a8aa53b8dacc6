"""How an augmentation of a discriminator's images follows the discriminator's logits of real images.

A method tells the logits where it computes its loss (`note_real`, which `models.adversarial.discriminator_losses`
calls); the engine hands their mean sign to the augmentation once the player that holds it has been updated. So no
method needs to know of augmentations.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import keras
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.updates import Step, where


@runtime_checkable
class Adaptive(Protocol):
    """A layer that changes images with a probability p, which follows the logits: `layers.AdaptiveAugment`.

    Attributes:
        name: The layer's name.
        p: The probability, a scalar weight.
    """

    name: str
    p: keras.Variable

    def observe(self, signs: Any, images: Any) -> None:
        """Adds the sum of the signs of a global batch's logits, and its number of images; once for each batch."""

    def adapt(self) -> None:
        """Moves p if it is due; once for each update of the discriminator."""


class _Place(threading.local):
    """Where logits and margins are noted; each replica steps in a thread of its own."""

    def __init__(self) -> None:
        self.noted: list[tuple[Any, Any]] | None = None


_place = _Place()


@contextlib.contextmanager
def noting() -> Iterator[list[tuple[Any, Any]]]:
    """A context in which the logits of real images are noted, with their margins; gives the list of them."""
    before, _place.noted = _place.noted, []
    try:
        yield _place.noted
    finally:
        _place.noted = before


def note_real(logits: Any, margin: Callable[[Any], Any]) -> None:
    """Notes a discriminator's logits of real images.

    Has no effect outside of a round of a `PlayersModel`, and notes the same tensor once.

    Args:
        logits: `(batch, ...)`.
        margin: Makes values of them that are above 0 where the discriminator says "real".
    """
    noted = _place.noted
    if noted is not None and not any(logits is other for other, _ in noted):
        noted.append((logits, margin(logits)))


def adaptive(networks: Sequence[keras.layers.Layer]) -> list[Adaptive]:
    """The layers among those of some networks that follow the logits of real images, each once."""
    layers = (layer for network in networks for layer in network._flatten_layers())
    return list({id(layer): layer for layer in layers if isinstance(layer, Adaptive)}.values())


def require_one(method: keras.Model, players: dict[str, list[keras.layers.Layer]]) -> None:
    """Raises ValueError if a method has several layers that follow logits: nobody could say which logits are whose."""
    found = adaptive([network for networks in players.values() for network in networks])
    if len(found) > 1:
        raise ValueError(
            f"The networks must hold one adaptive augmentation at most. Received: {type(method).__name__} with "
            f"{', '.join(layer.name for layer in found)}"
        )


def follow(method: str, step: Step, networks: Sequence[keras.layers.Layer], noted: Sequence[tuple[Any, Any]]) -> None:
    """Hands the logits of a round to the adaptive augmentation of a player, if it has one.

    The mean is that of the global batch. If several batches make an update, the signs of all of them count.

    Args:
        method: The name of the method, for the message.
        step: What the player's optimizer did; logits of a batch that it did not take do not count.
        networks: Those of the player.
        noted: What was noted in the round.

    Raises:
        ValueError: If there is an augmentation, but not the logits of one discriminator.
    """
    for layer in adaptive(networks):
        if len(noted) != 1:
            raise ValueError(
                f"An adaptive augmentation needs a method that tells its logits of real images, of one discriminator. "
                f"Received: {layer.name!r} in {method}, which tells those of {len(noted) or 'none'}; "
                "layers.DiffAugment needs none"
            )
        ((_, margin),) = noted
        signs = ops.sign(ops.cast(ops.stop_gradient(margin), keras.config.floatx()))
        signs = ops.mean(signs, axis=tuple(range(1, len(signs.shape))))  # (batch,): over the patches of an image
        images = ops.cast(ops.shape(signs)[0], signs.dtype)
        total, images = replicas.total((ops.sum(signs), images))
        where(step.taken, functools.partial(layer.observe, total, images))
        where(step.moved, layer.adapt)


def logs(networks: Sequence[keras.layers.Layer]) -> dict[str, Any]:
    """`augment_p`, the probability of the adaptive augmentation among some networks, if there is one."""
    found = adaptive(networks)
    return {"augment_p": ops.convert_to_tensor(found[0].p)} if found else {}
