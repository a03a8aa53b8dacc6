"""Style-based GANs: for each method its recipe parameters, how it is built, and what only it measures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.adversarial import AnyPenalty
from pipelines.recipe.method import Method, Sections
from pipelines.recipe.numbers import Numbers
from pipelines.section import OutputActivation, Part, PositiveFloat, Weight
from pipelines.tasks.generation.numbers import TRUNCATED_FID
from pipelines.tasks.generation.styles import PATHS

if TYPE_CHECKING:
    import keras

Share = Annotated[float, Field(ge=0, le=1)]


class StyleBased(Method):
    """What style-based GANs share: the sizes of the networks, mixing, and what is measured of styles.

    ``noise`` says whether the layers of the synthesis get noise, ``output_activation`` what its images pass through,
    ``group_size`` how many images the discriminator compares. ``ema`` is the momentum of the averaged networks that
    samples come from.
    """

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    numbers: ClassVar[Numbers] = Numbers((TRUNCATED_FID, *PATHS))

    latent_dim: PositiveInt = 64
    style_dim: PositiveInt = 64
    mapping_layers: PositiveInt = 4
    mapping_lr_multiplier: PositiveFloat = 0.01
    filters: PositiveInt = 16
    discriminator_filters: PositiveInt = 16
    max_filters: PositiveInt = 512
    noise: bool = True
    output_activation: OutputActivation = None
    group_size: PositiveInt = 4
    penalty: AnyPenalty | None = None
    mixing: Share = 0.9
    style_momentum: Share = 0.995
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None

    def mapping(self) -> keras.Model:
        """Makes the network from latents to styles."""
        from keras_genssl import backbones

        return backbones.style_mapping(
            self.latent_dim, self.style_dim, self.mapping_layers, lr_multiplier=self.mapping_lr_multiplier
        )

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the whole model, which truncates too."""
        return model

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        from pipelines.tasks.generation import styles

        return styles.measure(model), {}


class StyleGAN(StyleBased):
    """Karras et al. 2019: a style for each layer, by adaptive instance normalisation; ``penalty`` null is R1 of 10."""

    method: Literal["StyleGAN"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, most = sections.prepare.shape, self.max_filters
        return self.made(
            models.StyleGAN,
            mapping=self.mapping(),
            synthesis=backbones.style_synthesis(
                shape,
                self.style_dim,
                self.filters,
                max_filters=most,
                noise=self.noise,
                output_activation=self.output_activation,
            ),
            discriminator=backbones.style_discriminator(
                shape, self.discriminator_filters, max_filters=most, group_size=self.group_size
            ),
        )


class PathPenalty(Part):
    """The section ``path_penalty``: its weight, computed in one of ``every`` steps."""

    weight: Weight = 2.0
    every: PositiveInt = 4

    def build(self) -> object:
        from keras_genssl import penalties

        return self.made(penalties.PathLengthPenalty)


class StyleGAN2(StyleBased):
    """Karras et al. 2020: modulated convolutions and paths of equal length; ``penalty`` null is R1 of 10, lazy."""

    method: Literal["StyleGAN2"]
    path_penalty: PathPenalty | None = None
    path_momentum: Share = 0.99

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, most = sections.prepare.shape, self.max_filters
        return self.made(
            models.StyleGAN2,
            mapping=self.mapping(),
            synthesis=backbones.style2_synthesis(
                shape,
                self.style_dim,
                self.filters,
                max_filters=most,
                noise=self.noise,
                output_activation=self.output_activation,
            ),
            discriminator=backbones.style2_discriminator(
                shape, self.discriminator_filters, max_filters=most, group_size=self.group_size
            ),
        )


AnyStyleGAN = StyleGAN | StyleGAN2
