"""A GAN as an additional loss of an autoencoder: its recipe parameters and how it is trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.adversarial import AnyAdversarialLoss
from pipelines.recipe.method import Method, Sections
from pipelines.recipe.phase import Phase
from pipelines.section import Weight
from pipelines.tasks.reconstruction.autoencoders import Autoencoder, RedundantAutoencoder, SparseAutoencoder

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

AnyBase = Autoencoder | SparseAutoencoder | RedundantAutoencoder


class AdversarialTerm(Method):
    """A discriminator judges the reconstructions of the autoencoder in ``base``, as a loss of ``weight`` more.

    It is needed in training alone: the autoencoder is what is measured and exported.
    """

    players: ClassVar[tuple[str, ...]] = ("network", "discriminator")

    method: Literal["AdversarialTerm"]
    base: Annotated[AnyBase, Field(discriminator="method")]
    discriminator_filters: PositiveInt = 32
    weight: Weight = 1e-3
    adversarial_loss: AnyAdversarialLoss | None = None

    @property
    def code_dim(self) -> int:
        """The size of the autoencoder's code."""
        return self.base.code_dim

    def build(self, sections: Sections) -> keras.Model:
        """Makes the autoencoder."""
        return self.base.build(sections)

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: Any) -> Iterator[Phase]:
        """Trains the autoencoder together with a new discriminator."""
        from keras_genssl import backbones, models

        judge = backbones.spectral_discriminator(model.encoder.input_shape[1:], self.discriminator_filters)
        judged = self.made(models.AdversarialTerm, base=model, discriminator=judge)
        yield Phase("training", judged, data, train.length(int(data.cardinality())), train)

    def served(self, model: keras.Model) -> keras.Model:
        """Returns encoder and decoder."""
        return self.base.served(model)
