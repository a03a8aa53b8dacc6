"""Super-resolution: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.losses import Pixel, pixel_loss, pixel_or_perceptual
from pipelines.recipe.method import Method, Sections
from pipelines.recipe.phase import Phase
from pipelines.recipe.training import Train, Updates

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


Filters = Annotated[list[PositiveInt], Field(min_length=2, max_length=2)]


class WarmStart(Updates):
    """SRGAN's generator is first trained on pixels alone, as an SRResNet."""

    steps: PositiveInt
    pixel: Pixel = "l1"


class SuperResolutionTrain(Train):
    """The section `train`; SRGAN may have a warm start."""

    warm_start: WarmStart | None = None


class SRCNN(Method):
    """Dong et al. 2014: three convolutions on the interpolated image."""

    method: Literal["SRCNN"]
    filters: Filters = Field(default=[64, 32])

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        first, second = self.filters
        assert sections.prepare.interpolation is not None  # the schema guarantees it
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
        from keras_genssl import backbones, models

        network = backbones.srresnet(sections.prepare.scale, self.filters, self.blocks)
        return self.made(models.SRResNet, network=network, loss=pixel_or_perceptual(sections.loss))


class SRGAN(Method):
    """Ledig et al. 2017: SRResNet trained against a discriminator."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    method: Literal["SRGAN"]
    filters: PositiveInt = 64
    blocks: PositiveInt = 16
    discriminator_filters: PositiveInt = 64
    adversarial_weight: Annotated[float, Field(ge=0)] = 1e-3

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        patch = (sections.prepare.patch_size, sections.prepare.patch_size, 3)
        return self.made(
            models.SRGAN,
            generator=backbones.srresnet(sections.prepare.scale, self.filters, self.blocks),
            discriminator=backbones.srgan_discriminator(self.discriminator_filters, input_shape=patch),
            content_loss=pixel_or_perceptual(sections.loss),
        )

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the generator."""
        return model.generator

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: SuperResolutionTrain) -> Iterator[Phase]:
        """Trains the generator alone on pixels if the recipe has ``train.warm_start``, then both players."""
        from keras_genssl import models

        if (warm := train.warm_start) is not None:
            start = models.SRResNet(model.generator, loss=pixel_loss(warm.pixel))
            yield Phase("warm start", start, data, warm.steps, warm)
        yield Phase("adversarial training", model, data, train.length(int(data.cardinality())), train)


AnyMethod = Annotated[SRCNN | ESPCN | EDSR | SRResNet | SRGAN, Field(discriminator="method")]
