"""Super-resolution: method name -> its parameters in a recipe and how it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.losses import Pixel, pixel_loss, pixel_or_perceptual
from pipelines.recipe.method import Method, Sections

if TYPE_CHECKING:
    import keras


Filters = Annotated[list[PositiveInt], Field(min_length=2, max_length=2)]


class SRCNN(Method):
    """Dong et al. 2014: three convolutions on the interpolated image."""

    method: Literal["SRCNN"]
    filters: Filters = Field(default=[64, 32])

    def build(self, sections: Sections) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import backbones, models

        first, second = self.filters
        assert sections.prepare.interpolation is not None  # the schema sees to it
        network = backbones.srcnn(filters=(first, second))
        return self.made(
            models.SRCNN,
            network=network,
            scale=sections.prepare.scale,
            interpolation=sections.prepare.interpolation,
            loss=pixel_or_perceptual(sections.loss),
        )


class ESPCN(Method):
    """Shi et al. 2016: convolutions on the small image, then one sub-pixel shuffle."""

    method: Literal["ESPCN"]
    filters: Filters = Field(default=[64, 32])

    def build(self, sections: Sections) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import backbones, models

        first, second = self.filters
        network = backbones.espcn(sections.prepare.scale, filters=(first, second))
        return self.made(models.ESPCN, network=network, loss=pixel_or_perceptual(sections.loss))


class EDSR(Method):
    """Lim et al. 2017: residual blocks without batch normalisation."""

    method: Literal["EDSR"]
    filters: PositiveInt = 64
    blocks: PositiveInt = 16
    residual_scaling: Annotated[float, Field(gt=0, le=1)] = 1.0
    upsampler: Literal["pixelshuffle", "pixelshuffledirect"] = "pixelshuffle"

    def build(self, sections: Sections) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import backbones, models

        network = backbones.edsr(
            sections.prepare.scale, self.filters, self.blocks, self.residual_scaling, self.upsampler
        )
        return self.made(models.EDSR, network=network, loss=pixel_or_perceptual(sections.loss))


class SRResNet(Method):
    """Ledig et al. 2017: SRGAN's generator, trained on pixels alone."""

    method: Literal["SRResNet"]
    filters: PositiveInt = 64
    blocks: PositiveInt = 16

    def build(self, sections: Sections) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import backbones, models

        network = backbones.srresnet(sections.prepare.scale, self.filters, self.blocks)
        return self.made(models.SRResNet, network=network, loss=pixel_or_perceptual(sections.loss))


class SRGAN(Method):
    """Ledig et al. 2017: SRResNet trained against a discriminator."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    training: ClassVar[str] = "adversarial training"

    method: Literal["SRGAN"]
    filters: PositiveInt = 64
    blocks: PositiveInt = 16
    discriminator_filters: PositiveInt = 64
    adversarial_weight: Annotated[float, Field(ge=0)] = 1e-3

    def build(self, sections: Sections) -> keras.Model:
        """The model, not compiled."""
        from keras_genssl import backbones, models

        patch = (sections.prepare.patch_size, sections.prepare.patch_size, 3)
        return self.made(
            models.SRGAN,
            generator=backbones.srresnet(sections.prepare.scale, self.filters, self.blocks),
            discriminator=backbones.srgan_discriminator(self.discriminator_filters, input_shape=patch),
            content_loss=pixel_or_perceptual(sections.loss),
        )

    def served(self, model: keras.Model) -> keras.Model:
        """The generator."""
        return model.generator

    def warm_start(self, model: keras.Model, pixel: Pixel) -> keras.Model:
        """SRResNet: the generator of ``model`` alone, to be trained on pixels first."""
        from keras_genssl import models

        return models.SRResNet(model.generator, loss=pixel_loss(pixel))


AnyMethod = Annotated[SRCNN | ESPCN | EDSR | SRResNet | SRGAN, Field(discriminator="method")]
