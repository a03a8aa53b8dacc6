"""GANs with an encoder: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.adversarial import AnyAdversarialLoss
from pipelines.recipe.method import Method, Sections
from pipelines.recipe.numbers import Numbers, Values
from pipelines.section import Weight
from pipelines.tasks.generation import inverses

if TYPE_CHECKING:
    import keras


class Encoding(Method):
    """What all GANs with an encoder share: ``latent_dim``, and ``ema``, the momentum of the averaged networks."""

    numbers: ClassVar[Numbers] = inverses.NUMBERS

    latent_dim: PositiveInt = 32
    filters: PositiveInt = 32
    discriminator_filters: PositiveInt = 32
    adversarial_loss: AnyAdversarialLoss | None = None
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None

    def coder(self, shape: tuple[int, int, int], statistics: int = 1) -> dict[str, keras.Model]:
        """Makes ``encoder`` and ``generator`` for images of a shape; the encoder gives ``statistics`` a latent."""
        from keras_genssl import backbones

        return {
            "encoder": backbones.dcgan_encoder(statistics * self.latent_dim, self.filters, input_shape=shape),
            "generator": backbones.dcgan_generator(shape, self.latent_dim, self.filters),
        }

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the whole model, which encodes too."""
        return model

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        return inverses.measure(model, examples)

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        return inverses.remarks(numbers, baselines)


class VAEGAN(Encoding):
    """Larsen et al. 2016: a VAE that compares images by the features of a discriminator.

    ``feature_layer`` is the layer of the discriminator whose output is compared.
    """

    players: ClassVar[tuple[str, ...]] = ("encoder", "generator", "discriminator")

    method: Literal["VAEGAN"]
    feature_layer: str = "relu2"
    reconstruction_weight: Weight = 1e-3
    margin: Weight | None = None
    equilibrium: Weight = 0.68

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        judge = backbones.dcgan_discriminator(shape, self.discriminator_filters)
        discriminator = backbones.with_features(judge, self.feature_layer)
        return self.made(models.VAEGAN, **self.coder(shape, statistics=2), discriminator=discriminator)


class BiGAN(Encoding):
    """Donahue et al. 2017: a discriminator of pairs of images and codes; ``units`` are those of its dense layers."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    method: Literal["BiGAN"]
    units: PositiveInt = 256

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        judge = backbones.joint_discriminator(shape, self.latent_dim, self.discriminator_filters, self.units)
        return self.made(models.BiGAN, **self.coder(shape), discriminator=judge)


class ALI(Encoding):
    """Dumoulin et al. 2017: BiGAN with an encoder that gives means and variances; ``units`` as there."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    method: Literal["ALI"]
    units: PositiveInt = 256

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        judge = backbones.joint_discriminator(shape, self.latent_dim, self.discriminator_filters, self.units)
        return self.made(models.ALI, **self.coder(shape, statistics=2), discriminator=judge)


AnyEncodingGAN = VAEGAN | BiGAN | ALI
