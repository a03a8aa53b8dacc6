"""GANs whose discriminator is an autoencoder: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.method import Method, Sections
from pipelines.recipe.numbers import Baseline, Number, Numbers, Values
from pipelines.section import Fraction, PositiveFloat, Weight
from pipelines.tasks import images
from pipelines.tasks.generation import prior_codes
from pipelines.tasks.reconstructions import in_batches, variance

if TYPE_CHECKING:
    import keras
    import numpy as np

SEED = 1  # of the samples that the discriminator judges
JUDGED = 2000  # the most samples, and the most held-out images, that it judges

GAMMA = Baseline("gamma", "gamma, at which training holds it")
HELD_OUT = Baseline("held_out", "codes of held-out images", "held-out images")
ENERGY = Number(
    name="energy", heading="error of held-out images", better="lower", format=".4f"
)  # in the discriminator's own measure: absolute in BEGAN, squared in EBGAN
ENERGY_RATIO = Number(
    name="energy_ratio", heading="error of samples over that of held-out images", better="higher", tile=True
)
CONVERGENCE = Number(name="convergence", heading="measure of convergence", better="lower", format=".4f", tile=True)
CODE_COSINE = Number(name="code_cosine", heading="mean squared cosine of codes of samples", better="lower", tile=True)


class EnergyBased(Method):
    """What both share: ``latent_dim``, ``code_dim`` of the discriminator, and ``ema``, as for other GANs."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    latent_dim: PositiveInt = 64
    code_dim: PositiveInt = 64
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the generator."""
        return model.generator


class BEGAN(EnergyBased):
    """Berthelot et al. 2017: the discriminator's error of samples is held at ``gamma`` times that of images."""

    numbers: ClassVar[Numbers] = Numbers(
        (ENERGY, ENERGY_RATIO, CONVERGENCE, prior_codes.NUMBERS["sample_variance"]), (GAMMA,)
    )

    method: Literal["BEGAN"]
    filters: PositiveInt = 128
    gamma: Fraction = 0.5
    k_rate: Weight = 0.001

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        return self.made(
            models.BEGAN,
            generator=backbones.began_generator(shape, self.latent_dim, self.filters),
            discriminator=backbones.began_discriminator(shape, self.code_dim, self.filters),
        )

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Measures the ratio of the errors, and the paper's measure of convergence, on held-out images and samples."""
        *_, numbers = compared(model, examples)
        of_real, of_fake = numbers[ENERGY.name], numbers[ENERGY.name] * numbers[ENERGY_RATIO.name]
        convergence = of_real + abs(self.gamma * of_real - of_fake)
        return {**numbers, CONVERGENCE.name: convergence}, {GAMMA.name: {ENERGY_RATIO.name: self.gamma}}

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        told = f"The error of samples is {numbers[ENERGY_RATIO.name]:.3f} of that of held-out images"
        return f"{told} (gamma: {self.gamma:g}). {prior_codes.of_samples(numbers, 'generator')}"


class EBGAN(EnergyBased):
    """Zhao et al. 2017: the discriminator's error of samples is at least ``margin``, by DCGAN's generator.

    ``pulling_away`` is the weight of the term that makes codes of samples differ. ``discriminator_filters`` and
    ``units`` are those of the convolutional autoencoder.
    """

    numbers: ClassVar[Numbers] = Numbers(
        (ENERGY, ENERGY_RATIO, CODE_COSINE, prior_codes.NUMBERS["sample_variance"]), (HELD_OUT,)
    )

    method: Literal["EBGAN"]
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt = 32
    units: PositiveInt = 256
    margin: PositiveFloat = 0.2
    pulling_away: Weight = 0.0

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, widths = sections.prepare.shape, (self.code_dim, self.discriminator_filters, self.units)
        return self.made(
            models.EBGAN,
            generator=backbones.dcgan_generator(shape, self.latent_dim, self.filters),
            discriminator=backbones.with_code(
                backbones.convolutional_encoder(*widths, input_shape=shape),
                backbones.convolutional_decoder(*widths, output_shape=shape),
            ),
        )

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Measures the energies of held-out images and samples, and how alike their codes are."""
        import numpy as np

        from keras_genssl.losses import pulling_away_term

        held_out, samples, numbers = compared(model, examples)
        alike = [
            float(np.mean(pulling_away_term(in_batches(model.codes, values)))) for values in (samples, held_out)
        ]  # of one batch as large as both, for the value depends on its size
        return {**numbers, CODE_COSINE.name: alike[0]}, {HELD_OUT.name: {CODE_COSINE.name: alike[1]}}

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        real = baselines[HELD_OUT.name][CODE_COSINE.name]
        return (
            f"The energy of samples is {numbers[ENERGY_RATIO.name]:.2f} times that of held-out images. The mean "
            f"squared cosine of their codes is {numbers[CODE_COSINE.name]:.3f} (of held-out images: {real:.3f}). "
            f"{prior_codes.of_samples(numbers, 'generator')}"
        )


def compared(model: keras.Model, examples: Path) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Returns held-out images and as many samples, in [-1, 1], and what the numbers of both methods say of them."""
    from keras_genssl.checks import arrays

    train, held_out = (arrays.signed(images.read(examples, split, JUDGED)["image"]) for split in ("train", "eval"))
    samples = model.sample(len(held_out), seed=SEED)
    of_real, of_fake = (float(in_batches(model.energy, values).mean()) for values in (held_out, samples))
    numbers = {
        ENERGY.name: of_real,
        ENERGY_RATIO.name: of_fake / of_real,
        "sample_variance": variance(samples) / variance(train),
    }
    return held_out, samples, numbers


AnyEnergyGAN = BEGAN | EBGAN
