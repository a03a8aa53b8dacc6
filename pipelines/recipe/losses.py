"""The section `loss` of methods that compare an output with a known truth, and the losses that it can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.section import PositiveFloat, Section

if TYPE_CHECKING:
    import keras

Pixel = Literal["l1", "l2"]


class Perceptual(Section):
    """A distance between features of a fixed network, added to the pixel loss.

    ``extractor`` names an architecture of keras.applications, or ``small``, the library's own. ``weights`` is
    ``default`` (for ``small`` random weights of a fixed seed, otherwise ImageNet's), ``imagenet``, a file, or null for
    random weights. ``layers`` maps each layer to its weight in the sum.
    """

    extractor: Literal["vgg16", "vgg19", "resnet50", "inception_v3", "small"] = "small"
    layers: dict[str, PositiveFloat] = Field(min_length=1)
    weights: str | None = "default"
    distance: Literal["l1", "l2"] = "l2"


class Loss(Section):
    """The distance between the network's output and the truth."""

    pixel: Pixel | None = "l1"
    pixel_weight: Annotated[float, Field(ge=0)] = 1.0
    perceptual: Perceptual | None = None

    @model_validator(mode="after")
    def _something_is_compared(self) -> Loss:
        if self.pixel is None and self.perceptual is None:
            raise ValueError("needs `pixel`, `perceptual` or both")
        return self


def pixel_loss(name: Pixel) -> keras.losses.Loss:
    """Returns the pixel loss that a recipe names."""
    import keras

    return keras.losses.MeanAbsoluteError() if name == "l1" else keras.losses.MeanSquaredError()


def pixel_or_perceptual(loss: Loss | None) -> Any:
    """Returns the Keras loss that a recipe's section ``loss`` describes."""
    assert loss is not None  # recipes of methods that compare with a truth have the section
    if loss.perceptual is None:
        assert loss.pixel is not None  # the schema guarantees it
        return pixel_loss(loss.pixel)
    from keras_genssl import backbones, losses

    part = loss.perceptual
    extractor = backbones.perceptual_extractor(part.extractor, list(part.layers), part.weights)
    return losses.PerceptualLoss(extractor, part.layers, loss.pixel, loss.pixel_weight, part.distance)
