"""Translation between domains of images: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.adversarial import AnyAdversarialLoss
from pipelines.recipe.method import Method, Sections
from pipelines.section import Weight
from pipelines.tasks.translation.coupled_gans import CoGAN

if TYPE_CHECKING:
    import keras


class Translator(Method):
    """What pix2pix and CycleGAN share. ``adversarial_loss``: null uses the method's default loss.

    Class attributes:
        paired: whether training sees an image together with its translation.
        learns_from: the preparations that it can learn from.
    """

    paired: ClassVar[bool] = True
    learns_from: ClassVar[tuple[str, ...]] = ("edge_drawings", "photograph_pairs")

    filters: PositiveInt = 64
    discriminator_filters: PositiveInt = 64
    discriminator_layers: PositiveInt = 3
    adversarial_loss: AnyAdversarialLoss | None = None


class Pix2Pix(Translator):
    """Isola et al. 2017: a U-Net trained against a discriminator of patches, with a loss on pixels."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    method: Literal["Pix2Pix"]
    pixel_weight: Weight = 100.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        side, _, channels = sections.prepare.shape
        judged = (side, side, 2 * channels)
        return self.made(
            models.Pix2Pix,
            generator=backbones.unet_generator((side, side, channels), None, self.filters, dropout=self.dropout),
            discriminator=backbones.patch_discriminator(judged, self.discriminator_filters, self.discriminator_layers),
        )

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the generator."""
        return model.generator


class CycleGAN(Translator):
    """Zhu et al. 2017: translation both ways without pairs, with a cycle loss."""

    paired: ClassVar[bool] = False
    learns_from: ClassVar[tuple[str, ...]] = ("edge_drawings", "photographs")
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
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        generators = {
            name: backbones.resnet_translator(
                shape, None, self.filters, self.blocks, downsamplings=self.downsamplings, name=name
            )
            for name in self.players[:2]
        }
        discriminators = {
            name: backbones.patch_discriminator(shape, self.discriminator_filters, self.discriminator_layers, name=name)
            for name in self.players[2:]
        }
        return self.made(
            models.CycleGAN,
            **generators,
            **discriminators,
            seed=sections.train.seed,
        )

    def inputs(self, prepare: Any) -> tuple[str, ...]:
        """Returns two domains of photographs; drawings are made from a single input."""
        return ("first", "second") if prepare.preparation == "photographs" else ()

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the generator whose translations are measured."""
        return model.first_to_second


AnyMethod = Annotated[Pix2Pix | CycleGAN | CoGAN, Field(discriminator="method")]
