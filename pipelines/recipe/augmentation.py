"""The random changes of a discriminator's images that a recipe can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.method import Method
from pipelines.section import Fraction, Part

if TYPE_CHECKING:
    import keras


class Augmentation(Part):
    """The section ``augment``. Its fields are the arguments of the layer that ``kind`` names."""

    kind: str


class DiffAugment(Augmentation):
    """Zhao et al. 2020: random colours, translation and cutout of every image."""

    kind: Literal["diffaugment"]
    colour: bool = True
    translation: Fraction = 0.125
    cutout: Fraction = 0.5

    def build(self) -> Any:
        from keras_genssl import layers

        return self.made(layers.DiffAugment)


class AdaptiveAugment(Augmentation):
    """Karras et al. 2020 (ADA): changes with a probability that follows how sure the discriminator is of real images.

    The logs hold the probability, ``augment_p``.
    """

    kind: Literal["adaptive"]
    blit: bool = True
    geometry: bool = True
    colour: bool = True
    target: Annotated[float, Field(ge=-1, le=1)] = 0.6
    adjustment_images: PositiveInt = 500_000
    every: PositiveInt = 4

    def build(self) -> Any:
        from keras_genssl import layers

        return self.made(layers.AdaptiveAugment)


AnyAugmentation = DiffAugment | AdaptiveAugment


class Augmented(Method):
    """A GAN whose discriminator may see its images changed at random (``augment``); null for images as they are."""

    augment: Annotated[AnyAugmentation, Field(discriminator="kind")] | None = None

    def judge(self, discriminator: keras.Model) -> keras.Model:
        """Returns the discriminator, with the augmentation before it if there is one."""
        from keras_genssl import backbones

        return discriminator if self.augment is None else backbones.augmented(discriminator, self.augment.build())
