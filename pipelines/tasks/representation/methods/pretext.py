"""Representations from pretext tasks: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.adversarial import AnyAdversarialLoss
from pipelines.recipe.method import Sections
from pipelines.section import Fraction, Weight
from pipelines.tasks.representation.methods.encoders import Representation, Views

if TYPE_CHECKING:
    import keras


class Rotation(Representation):
    """Gidaris et al. 2018: predicts the rotation of an image, for all four copies or for images prepared as rotated.

    ``views`` are drawn before images are rotated; images that were prepared as rotated have none.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image",), "rotations": ("image", "rotation")}

    method: Literal["Rotation"]
    views: Views | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        views = None if self.views is None else self.views.build(sections.prepare.size)
        return self.made(models.Rotation, encoder=self.encoder.build(sections.prepare.shape), views=views)

    def shown(self) -> list[Views]:
        return [] if self.views is None else [self.views]


class Painter(Representation):
    """What both context encoders share: the decoder, and the predicted pixels around hidden ones."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "block_masked": ("masked", "image", "mask"),
        "center_masked": ("masked", "image", "mask"),
    }
    rows: ClassVar[tuple[str, ...]] = ("what the model sees", "what it paints", "what was there")

    decoder_filters: PositiveInt = 32
    decoder_units: PositiveInt = 256
    overlap: Annotated[int, Field(ge=0)] = 4
    overlap_weight: Weight = 10.0

    def networks(self, shape: tuple[int, int, int]) -> dict[str, keras.Model]:
        """Makes ``encoder``, and ``decoder`` for its features."""
        from keras_genssl import backbones

        encoder = self.encoder.build(shape)
        dim = encoder.output_shape[-1]
        decoder = backbones.convolutional_decoder(dim, self.decoder_filters, self.decoder_units, output_shape=shape)
        return {"encoder": encoder, "decoder": decoder}

    def answer(self, model: keras.Model, examples: Mapping[str, Any]) -> list[Any]:
        """Returns the images with a hidden part, with that part painted, and whole."""
        import numpy as np

        from keras_genssl.checks import arrays

        masked, image = (arrays.signed(examples[name]) for name in ("masked", "image"))
        return [masked, np.where(examples["mask"] > 0, model.inpaint(examples["masked"]), image), image]


class ContextEncoder(Painter):
    """Pathak et al. 2016: predicts the hidden part of an image, with a loss on its pixels."""

    method: Literal["ContextEncoder"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        return self.made(models.ContextEncoder, **self.networks(sections.prepare.shape))


class AdversarialContextEncoder(Painter):
    """Pathak et al. 2016: predicts the hidden part of an image so that it looks real."""

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    method: Literal["AdversarialContextEncoder"]
    discriminator_filters: PositiveInt = 64
    adversarial_weight: Fraction = 0.001
    adversarial_loss: AnyAdversarialLoss | None = None

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        return self.made(
            models.AdversarialContextEncoder,
            **self.networks(shape),
            discriminator=backbones.dcgan_discriminator(shape, self.discriminator_filters),
        )


AnyWholeImage = Rotation | ContextEncoder | AdversarialContextEncoder
