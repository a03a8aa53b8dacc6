"""Translation between domains of images: method name -> its parameters in a recipe and how it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.method import Method, Sections

if TYPE_CHECKING:
    import keras


Weight = Annotated[float, Field(ge=0)]


class Translator(Method):
    """What the sections of both methods have.

    Class attributes:
        paired: whether training sees an image beside its translation.
    """

    paired: ClassVar[bool] = True

    filters: PositiveInt = 64
    discriminator_filters: PositiveInt = 64
    discriminator_layers: PositiveInt = 3


class Pix2Pix(Translator):
    """Isola et al. 2017: a U-Net against a discriminator of patches, and the distance of pixels."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    method: Literal["Pix2Pix"]
    pixel_weight: Weight = 100.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5

    def build(self, sections: Sections) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import backbones, models

        side, _, channels = sections.prepare.shape
        return models.Pix2Pix(
            backbones.unet_generator((side, side, channels), None, self.filters, dropout=self.dropout),
            backbones.patch_discriminator(
                (side, side, 2 * channels), self.discriminator_filters, self.discriminator_layers
            ),
            pixel_weight=self.pixel_weight,
        )

    def served(self, model: keras.Model) -> keras.Model:
        """The generator."""
        return model.generator


class CycleGAN(Translator):
    """Zhu et al. 2017: there and back again, without pairs."""

    paired: ClassVar[bool] = False
    players: ClassVar[tuple[str, ...]] = (
        "first_to_second",
        "second_to_first",
        "first_discriminator",
        "second_discriminator",
    )

    method: Literal["CycleGAN"]
    blocks: PositiveInt = 9
    downsamplings: PositiveInt = 2
    cycle_weight: Weight = 10.0
    identity_weight: Weight = 5.0
    pool_size: PositiveInt = 50

    def build(self, sections: Sections) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        generators = [
            backbones.resnet_translator(
                shape, None, self.filters, self.blocks, downsamplings=self.downsamplings, name=name
            )
            for name in self.players[:2]
        ]
        discriminators = [
            backbones.patch_discriminator(shape, self.discriminator_filters, self.discriminator_layers, name=name)
            for name in self.players[2:]
        ]
        return models.CycleGAN(
            generators[0],
            generators[1],
            discriminators[0],
            discriminators[1],
            cycle_weight=self.cycle_weight,
            identity_weight=self.identity_weight,
            pool_size=self.pool_size,
            seed=sections.train.seed,
        )

    def served(self, model: keras.Model) -> keras.Model:
        """The generator whose translations are measured."""
        return model.first_to_second


AnyMethod = Annotated[Pix2Pix | CycleGAN, Field(discriminator="method")]
