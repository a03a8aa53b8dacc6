"""What the recipe parameters of GANs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, PositiveInt

from pipelines.recipe.augmentation import Augmented
from pipelines.section import Classes

if TYPE_CHECKING:
    import keras


class Adversarial(Augmented):
    """What all GANs share: ``augment``, ``latent_dim``, and ``ema``.

    ``ema`` is the momentum of averaged weights of the generator, which samples then come from.
    """

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    latent_dim: PositiveInt = 100
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the generator."""
        return model.generator


class Conditional(Adversarial):
    """A GAN of images with classes; ``num_classes`` is taken from the data and need not be given."""

    num_classes: Classes | None = None
