"""GANs whose discriminator projects on the class: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import PositiveInt

from pipelines.recipe.method import Sections
from pipelines.recipe.phase import Phase
from pipelines.tasks.generation.adversarial import Conditional

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Projecting(Conditional):
    """What they share: ``networks``, the papers' residual ones or DCGAN's with their parts, and standing statistics.

    ``standing_batches`` batches of samples give batch normalisation its statistics after the training; with null it
    keeps those of the training.
    """

    networks: Literal["residual", "dcgan"] = "residual"
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt | None = None
    standing_batches: PositiveInt | None = None

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: Any) -> Iterator[Phase]:
        yield from super().phases(model, data, train)
        if self.standing_batches is not None:
            from keras_genssl import engine

            engine.standing_statistics(model, self.standing_batches, seed=train.seed)


class ProjectionGAN(Projecting):
    """Miyato & Koyama 2018: SNGAN of classes, with a projection on the class in the discriminator."""

    method: Literal["ProjectionGAN"]
    discriminator_steps: PositiveInt = 5
    reuse_batch: bool = False

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, classes = sections.prepare.shape, self.num_classes
        assert classes is not None  # from the data
        judged = self.discriminator_filters or self.filters
        if self.networks == "residual":
            generator = backbones.sngan_generator(shape, self.latent_dim, self.filters, num_classes=classes)
            judge = backbones.sngan_discriminator(shape, judged, num_classes=classes)
        else:
            generator = backbones.class_conditional_generator(shape, classes, self.latent_dim, self.filters)
            judge = backbones.spectral_discriminator(shape, judged, num_classes=classes)
        return self.made(models.ProjectionGAN, generator=generator, discriminator=self.judge(judge))


class SAGAN(Projecting):
    """Zhang et al. 2019: self-attention and spectral normalisation in both networks, a projection on the class."""

    method: Literal["SAGAN"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, classes = sections.prepare.shape, self.num_classes
        assert classes is not None  # from the data
        judged = self.discriminator_filters or self.filters
        if self.networks == "residual":
            generator = backbones.sagan_generator(shape, self.latent_dim, self.filters, num_classes=classes)
            judge = backbones.sagan_discriminator(shape, judged, num_classes=classes)
        else:
            generator = backbones.class_conditional_generator(
                shape, classes, self.latent_dim, self.filters, spectral_normalization=True, attention=True
            )
            judge = backbones.spectral_discriminator(shape, judged, num_classes=classes, attention=True)
        return self.made(models.SAGAN, generator=generator, discriminator=self.judge(judge))


AnyProjectionGAN = ProjectionGAN | SAGAN
