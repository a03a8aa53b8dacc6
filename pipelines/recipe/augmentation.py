"""The random changes of a discriminator's images that a recipe can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

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


AnyAugmentation = DiffAugment


class Augmented(Method):
    """A GAN whose discriminator may see its images changed at random (``augment``); null for images as they are."""

    augment: Annotated[AnyAugmentation, Field(discriminator="kind")] | None = None

    def judge(self, discriminator: keras.Model) -> keras.Model:
        """Returns the discriminator, with the augmentation before it if there is one."""
        from keras_genssl import backbones

        return discriminator if self.augment is None else backbones.augmented(discriminator, self.augment.build())
