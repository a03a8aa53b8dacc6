"""Adversarial autoencoders: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.recipe.adversarial import AnyAdversarialLoss
from pipelines.recipe.losses import Pixel, pixel_loss
from pipelines.recipe.method import Sections
from pipelines.recipe.numbers import Numbers, Values
from pipelines.section import Part, PositiveFloat, Section
from pipelines.tasks.generation import codes
from pipelines.tasks.reconstruction.autoencoders import EncoderDecoder

if TYPE_CHECKING:
    import keras


class Prior(Section):
    """The section ``prior``. Its fields are the arguments of the prior that ``kind`` names."""

    kind: str

    def of(self, code_dim: int) -> Any:
        """Makes the prior of codes of a length.

        Raises:
            ValueError: the prior has codes of another length.
        """
        raise NotImplementedError(f"{type(self).__name__} does not make a prior")


class Gaussian(Prior):
    """Normal, with the standard deviation ``scale`` in each unit."""

    kind: Literal["gaussian"]
    scale: PositiveFloat = 1.0

    def of(self, code_dim: int) -> Any:
        from keras_genssl import priors

        return self.made(priors.Gaussian, dim=code_dim)


class GaussianMixture(Prior):
    """Gaussians on a ring in the plane."""

    kind: Literal["gaussian_mixture"]
    num_components: Annotated[int, Field(ge=2)] = 10
    radius: PositiveFloat = 1.4
    radial: PositiveFloat = 0.4
    tangential: PositiveFloat = 0.1

    def of(self, code_dim: int) -> Any:
        from keras_genssl import priors

        return self.made(priors.GaussianMixture)


class SwissRoll(Prior):
    """A spiral in the plane."""

    kind: Literal["swiss_roll"]
    turns: PositiveFloat = 2.0
    radius: PositiveFloat = 3.0

    def of(self, code_dim: int) -> Any:
        from keras_genssl import priors

        return self.made(priors.SwissRoll)


AnyPrior = Annotated[Gaussian | GaussianMixture | SwissRoll, Field(discriminator="kind")]


class PixelLoss(Part):
    """The section ``loss``: ``l1`` or ``l2``, the mean over pixels."""

    kind: Pixel

    def build(self) -> Any:
        return pixel_loss(self.kind)


class AdversarialAutoencoder(EncoderDecoder):
    """Makhzani et al. 2015: a discriminator makes the codes follow ``prior``.

    The hidden layers of the discriminator have ``discriminator_units``. ``loss`` is that of reconstructions, by default
    l2.
    """

    players: ClassVar[tuple[str, ...]] = ("autoencoder", "discriminator", "encoder")
    numbers: ClassVar[Numbers] = codes.NUMBERS

    method: Literal["AdversarialAutoencoder"]
    prior: AnyPrior = Gaussian(kind="gaussian")
    discriminator_units: list[PositiveInt] = Field(default=[256, 256], min_length=1)
    loss: PixelLoss | None = None
    adversarial_loss: AnyAdversarialLoss | None = None

    @model_validator(mode="after")
    def _prior_fits(self) -> AdversarialAutoencoder:
        if self.prior.kind != "gaussian" and self.code_dim != 2:
            raise ValueError(f"`code_dim` must be 2 for the prior {self.prior.kind}. Received: {self.code_dim}")
        return self

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        return self.made(
            models.AdversarialAutoencoder,
            **self.encoder_decoder(sections.prepare.shape),
            discriminator=backbones.mlp_discriminator((self.code_dim,), tuple(self.discriminator_units)),
            prior=self.prior.of(self.code_dim),
        )

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        return codes.measure(model, examples)

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        return codes.remarks(numbers, baselines)


AnyAdversarialAutoencoder = AdversarialAutoencoder
