"""CoGAN: its recipe parameters, and how its pairs are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.adversarial import AnyAdversarialLoss
from pipelines.recipe.method import Method, Sections
from pipelines.recipe.numbers import Baseline, Numbers, ratio
from pipelines.tasks.translation.numbers import ERROR

if TYPE_CHECKING:
    import keras


SHUFFLED = Baseline("shuffled", "the same images, paired anew", "shuffled pairs")


class CoGAN(Method):
    """Liu & Tuzel 2016: pairs of images of two domains, made of noise, by GANs that share layers.

    It learns from images of both domains without pairs. ``private`` is the number of stages of each network that are
    each domain's own. ``ema`` is the momentum of the averaged weights that pairs come from.
    """

    players: ClassVar[tuple[str, ...]] = ("generators", "discriminators")
    numbers: ClassVar[Numbers] = Numbers((ratio(ERROR, SHUFFLED, tile=True),), (SHUFFLED,))
    paired: ClassVar[bool] = False
    learns_from: ClassVar[tuple[str, ...]] = ("edge_drawings", "photographs")

    method: Literal["CoGAN"]
    latent_dim: PositiveInt = 100
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt = 64
    private: PositiveInt = 1
    adversarial_loss: AnyAdversarialLoss | None = None
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        return self.made(
            models.CoGAN,
            generators=backbones.coupled_generators(shape, self.latent_dim, self.filters, private=self.private),
            discriminators=backbones.coupled_discriminators(shape, self.discriminator_filters, private=self.private),
        )

    def check(self, prepare: Any) -> None:
        """Refuses drawings as the first domain: the truth is the drawing of the first image of a pair."""
        if prepare.source == "drawing":
            raise ValueError(
                f"`prepare.source` must be image for CoGAN: pairs have no direction. Received: {prepare.source}"
            )

    def inputs(self, prepare: Any) -> tuple[str, ...]:
        """Returns two domains of photographs; drawings are made from a single input."""
        return ("first", "second") if prepare.preparation == "photographs" else ()

    def served(self, model: keras.Model) -> keras.Model:
        """Returns both generators."""
        return model.generators


def drawn(prepare: Any, images: Any) -> Any:
    """Returns the drawings that the preparation makes of uint8 images, which are the truth of pairs."""
    import numpy as np

    from keras_genssl.pretext.domains import edge_drawing

    return np.stack([edge_drawing(image, prepare.thickness, prepare.threshold) for image in images])
