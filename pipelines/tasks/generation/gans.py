"""Generative adversarial networks: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.adversarial import AnyAdversarialLoss, AnyPenalty
from pipelines.recipe.method import Sections
from pipelines.recipe.numbers import Baseline, Number, Numbers, difference
from pipelines.section import Classes, Weight
from pipelines.tasks.generation.adversarial import Adversarial, Conditional
from pipelines.tasks.generation.conditional_gans import AnyProjectionGAN
from pipelines.tasks.generation.encoding_gans import AnyEncodingGAN
from pipelines.tasks.generation.energy_gans import AnyEnergyGAN
from pipelines.tasks.generation.growing_gans import AnyGrowingGAN
from pipelines.tasks.generation.semi_supervised_gans import SemiSupervisedGAN
from pipelines.tasks.generation.style_gans import AnyStyleGAN

if TYPE_CHECKING:
    import keras


class GAN(Adversarial):
    """Goodfellow et al. 2014: k steps of the discriminator for m of the generator, with any loss and penalty.

    ``networks`` are the paper's dense ones with these units, DCGAN's, or DCGAN's with a discriminator under spectral
    normalisation in place of batch normalisation. ``penalty`` is the penalty on the discriminator's gradients; null for
    none. With a penalty, DCGAN's discriminator has no batch normalisation.
    """

    method: Literal["GAN"]
    networks: Literal["dense", "dcgan", "spectral"] = "dense"
    generator_units: list[PositiveInt] = Field(default=[128, 256], min_length=1)
    discriminator_units: list[PositiveInt] = Field(default=[256, 128], min_length=1)
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt | None = None
    adversarial_loss: AnyAdversarialLoss | None = None
    penalty: AnyPenalty | None = None
    discriminator_steps: PositiveInt = 1
    generator_steps: PositiveInt = 1
    reuse_batch: bool = False

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, judged = sections.prepare.shape, self.discriminator_filters or self.filters
        if self.networks == "dense":
            generator = backbones.mlp_generator(shape, self.latent_dim, tuple(self.generator_units))
            judge = backbones.mlp_discriminator(shape, tuple(self.discriminator_units))
        else:
            generator = backbones.dcgan_generator(shape, self.latent_dim, self.filters)
            if self.networks == "dcgan":
                judge = backbones.dcgan_discriminator(shape, judged, batch_norm=self.penalty is None)
            else:
                judge = backbones.spectral_discriminator(shape, judged)
        return self.made(models.GAN, generator=generator, discriminator=self.judge(judge))


class DCGAN(Adversarial):
    """Radford et al. 2016: convolutional networks with batch normalisation."""

    method: Literal["DCGAN"]
    filters: PositiveInt = 64
    adversarial_loss: AnyAdversarialLoss | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        return self.made(
            models.DCGAN,
            generator=backbones.dcgan_generator(shape, self.latent_dim, self.filters),
            discriminator=self.judge(backbones.dcgan_discriminator(shape, self.filters)),
        )


class WGANGP(Adversarial):
    """Gulrajani et al. 2017: a critic with a gradient penalty; ``networks`` are the paper's or DCGAN's."""

    players: ClassVar[tuple[str, ...]] = ("generator", "critic")

    method: Literal["WGANGP"]
    networks: Literal["residual", "dcgan"] = "residual"
    filters: PositiveInt = 64
    critic_steps: PositiveInt = 5
    penalty_weight: Weight = 10.0
    reuse_batch: bool = False

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        if self.networks == "residual":
            generator = backbones.wgan_gp_generator(shape, self.latent_dim, self.filters)
            critic = backbones.wgan_gp_critic(shape, self.filters)
        else:
            generator = backbones.dcgan_generator(shape, self.latent_dim, self.filters)
            critic = backbones.dcgan_discriminator(shape, self.filters, batch_norm=False, name="dcgan_critic")
        return self.made(models.WGANGP, generator=generator, critic=self.judge(critic))


class SNGAN(Adversarial):
    """Miyato et al. 2018: spectral normalisation and the hinge loss; ``networks`` are residual or DCGAN's."""

    method: Literal["SNGAN"]
    networks: Literal["residual", "dcgan"] = "residual"
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt | None = None
    discriminator_steps: PositiveInt = 5
    reuse_batch: bool = False

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        judged = self.discriminator_filters or self.filters
        if self.networks == "residual":
            generator = backbones.sngan_generator(shape, self.latent_dim, self.filters)
            discriminator = backbones.sngan_discriminator(shape, judged)
        else:
            generator = backbones.dcgan_generator(shape, self.latent_dim, self.filters)
            discriminator = backbones.spectral_discriminator(shape, judged)
        return self.made(models.SNGAN, generator=generator, discriminator=self.judge(discriminator))


class ConditionalGAN(Conditional):
    """Mirza & Osindero 2014: both networks get the class; ``networks`` are the paper's dense ones or DCGAN's."""

    method: Literal["ConditionalGAN"]
    networks: Literal["dense", "dcgan"] = "dcgan"
    filters: PositiveInt = 64
    adversarial_loss: AnyAdversarialLoss | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, classes = sections.prepare.shape, self.num_classes
        assert classes is not None  # from the data
        if self.networks == "dense":
            generator = backbones.mlp_generator(shape, self.latent_dim, num_classes=classes)
            discriminator = backbones.mlp_discriminator(shape, num_classes=classes)
        else:
            generator = backbones.dcgan_generator(shape, self.latent_dim, self.filters, num_classes=classes)
            discriminator = backbones.dcgan_discriminator(shape, self.filters, num_classes=classes)
        return self.made(
            models.ConditionalGAN,
            generator=generator,
            discriminator=self.judge(discriminator),
        )


class ACGAN(Conditional):
    """Odena et al. 2017: the discriminator also predicts the class; ``networks`` are the paper's or spectral ones."""

    method: Literal["ACGAN"]
    networks: Literal["paper", "spectral"] = "paper"
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt = 16
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5  # of the paper's discriminator
    discriminator_class_weight: Weight = 1.0
    generator_class_weight: Weight = 0.1
    fake_class_weight: Weight = 0.0
    adversarial_loss: AnyAdversarialLoss | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, classes = sections.prepare.shape, self.num_classes
        assert classes is not None  # from the data
        if self.networks == "paper":
            judge = backbones.acgan_discriminator(shape, classes, self.discriminator_filters, dropout=self.dropout)
        else:
            judge = backbones.spectral_acgan_discriminator(shape, classes, self.discriminator_filters)
        return self.made(
            models.ACGAN,
            generator=backbones.dcgan_generator(shape, self.latent_dim, self.filters, num_classes=classes),
            discriminator=self.judge(judge),
        )


KMEANS = Baseline("kmeans", "k-means on pixels")
CODE_ACCURACY = Number(
    name="code_accuracy", heading="accuracy of the categories", better="higher", format=".1%", tile=True
)


class InfoGAN(Adversarial):
    """Chen et al. 2016: the discriminator predicts a category and continuous codes from the image.

    Of the ``latent_dim`` latents, ``num_categories`` choose the category, and ``num_continuous`` are the other codes.
    """

    numbers: ClassVar[Numbers] = Numbers(
        (
            CODE_ACCURACY,
            difference(CODE_ACCURACY, KMEANS),
            Number(name="information", heading="information of category and image", better="higher", unit="nats"),
        ),
        (KMEANS,),
    )

    method: Literal["InfoGAN"]
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt = 64
    num_categories: Classes = 10
    num_continuous: Annotated[int, Field(ge=0)] = 2
    info_weight: Weight = 1.0
    continuous_weight: Weight = 0.1
    adversarial_loss: AnyAdversarialLoss | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, codes = sections.prepare.shape, self.num_categories + self.num_continuous
        return self.made(
            models.InfoGAN,
            generator=backbones.dcgan_generator(shape, self.latent_dim, self.filters),
            discriminator=self.judge(backbones.spectral_acgan_discriminator(shape, codes, self.discriminator_filters)),
        )

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Measures the information, and how well categories match classes of held-out images, one class for each."""
        import numpy as np

        from keras_genssl import metrics
        from pipelines.tasks import images

        information = {"information": model.information(10_000)}
        held_out = images.read(examples, "eval")
        if "label" not in held_out:
            return information, {}
        seen, labels = held_out["image"], held_out["label"]
        parts = np.array_split(seen, -(-len(seen) // 500))
        categories = np.concatenate([model.categories(part).argmax(axis=-1) for part in parts])
        pixels = seen.reshape(len(seen), -1) / 255.0
        of_pixels = metrics.clustering_scores(pixels, labels, self.num_categories, num_starts=4)
        of_model = metrics.cluster_agreement(categories, labels)
        accuracy = CODE_ACCURACY.name
        return {**information, accuracy: of_model["accuracy"]}, {KMEANS.name: {accuracy: of_pixels["accuracy"]}}


AnyGAN = (
    GAN
    | DCGAN
    | WGANGP
    | SNGAN
    | ConditionalGAN
    | ACGAN
    | InfoGAN
    | AnyEncodingGAN
    | AnyStyleGAN
    | AnyEnergyGAN
    | SemiSupervisedGAN
    | AnyProjectionGAN
    | AnyGrowingGAN
)
