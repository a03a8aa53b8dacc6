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
from pipelines.section import Classes, Part, PositiveFloat, Section
from pipelines.tasks.generation import few_labels, prior_codes
from pipelines.tasks.reconstruction.autoencoders import EncoderDecoder

if TYPE_CHECKING:
    import keras

    from keras_genssl.data import FewLabels


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
    numbers: ClassVar[Numbers] = prior_codes.NUMBERS

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
        return prior_codes.measure(model, examples)

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        return prior_codes.remarks(numbers, baselines)


class SemiSupervisedAdversarialAutoencoder(EncoderDecoder):
    """Makhzani et al. 2015, Section 5: a code of class and style, from ``labels_per_class`` labels of each class.

    The labels are drawn with ``labels_seed``; each batch holds ``labelled_per_batch`` labelled images. ``code_dim`` is
    the length of the whole code: the probabilities of the classes, then the style, which follows ``prior``.
    """

    players: ClassVar[tuple[str, ...]] = (
        "autoencoder",
        "class_discriminator",
        "style_discriminator",
        "encoder",
        "classifier",
    )
    numbers: ClassVar[Numbers] = prior_codes.NUMBERS.joined(few_labels.NUMBERS)

    method: Literal["SemiSupervisedAdversarialAutoencoder"]
    num_classes: Classes | None = None
    labels_per_class: PositiveInt = 100
    labels_seed: Annotated[int, Field(ge=0)] = 0
    labelled_per_batch: PositiveInt = 32
    prior: AnyPrior = Gaussian(kind="gaussian")
    discriminator_units: list[PositiveInt] = Field(default=[256, 256], min_length=1)
    loss: PixelLoss | None = None
    adversarial_loss: AnyAdversarialLoss | None = None

    def few_labels(self) -> FewLabels:
        from keras_genssl import data

        return data.FewLabels(self.labels_per_class, self.labels_seed, self.labelled_per_batch)

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        assert self.num_classes is not None  # from the data
        style = self.code_dim - self.num_classes
        if style < 1:
            raise ValueError(
                f"`model.code_dim` must be larger than the number of classes, {self.num_classes}. "
                f"Received: {self.code_dim}"
            )
        class_judge, style_judge = (
            backbones.mlp_discriminator((size,), tuple(self.discriminator_units)) for size in (self.num_classes, style)
        )
        return self.made(
            models.SemiSupervisedAdversarialAutoencoder,
            **self.encoder_decoder(sections.prepare.shape),
            class_discriminator=class_judge,
            style_discriminator=style_judge,
            prior=self.prior.of(style),
        )

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Measures codes and samples, and the accuracy on held-out images, beside that of an encoder and the labels."""
        numbers, baselines = prior_codes.measure(model, examples)
        given = self.labels_per_class, self.labels_seed
        accuracy, beside = few_labels.measure(model.classify, model.encoder, examples, *given)
        return {**numbers, **accuracy}, {**baselines, **beside}

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        return prior_codes.remarks(numbers, baselines)


AnyAdversarialAutoencoder = AdversarialAutoencoder | SemiSupervisedAdversarialAutoencoder
