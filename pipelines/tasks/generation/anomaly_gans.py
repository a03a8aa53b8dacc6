"""GANs that detect anomalies: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from pipelines.recipe.method import Method, Sections
from pipelines.recipe.numbers import Numbers, Values
from pipelines.recipe.phase import Phase
from pipelines.recipe.training import Updates
from pipelines.section import Weight
from pipelines.tasks.generation import unseen_classes
from pipelines.tasks.generation.gans import WGANGP

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Encoder(Updates):
    """The section ``encoder``: DCGAN's convolutions, and their training after that of the GAN."""

    steps: PositiveInt
    filters: PositiveInt = 64


class FAnoGAN(Method):
    """Schlegl et al. 2019: a WGAN-GP of normal images, then an encoder that inverts it; its error detects anomalies.

    The section `train` is that of the GAN. ``feature_layer`` is the layer of the critic whose output is compared; null
    for the features that its value is a linear map of.
    """

    players: ClassVar[tuple[str, ...]] = ("generator", "critic")
    numbers: ClassVar[Numbers] = unseen_classes.NUMBERS

    method: Literal["FAnoGAN"]
    gan: WGANGP
    encoder: Encoder
    feature_layer: str | None = None
    feature_weight: Weight = 1.0

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        gan = self.gan.build(sections)
        latents, shape = self.gan.latent_dim, sections.prepare.shape
        return self.made(
            models.FAnoGAN,
            encoder=backbones.dcgan_encoder(latents, self.encoder.filters, input_shape=shape),
            generator=gan.generator,
            discriminator=gan.critic,
        )

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: Any) -> Iterator[Phase]:
        """Trains the GAN, and then the encoder, which inverts the averaged generator if there is one."""
        from keras_genssl import models

        gan = self.gan.made(models.WGANGP, generator=model.generator, critic=model.discriminator)
        yield Phase("GAN", gan, data, train.length(int(data.cardinality())), train)
        if gan.average is not None:
            model.generator.set_weights(gan.average.copy.get_weights())
        yield Phase("encoder", model, data, self.encoder.steps, self.encoder)

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the whole model."""
        return model

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        return unseen_classes.measure(model, examples)

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        return unseen_classes.remarks(numbers, baselines)


AnyAnomalyGAN = FAnoGAN
