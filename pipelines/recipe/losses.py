"""The section `loss` of methods that compare what they make with a truth."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.recipe.pixel_losses import Pixel
from pipelines.recipe.section import PositiveFloat, Section


class Perceptual(Section):
    """A distance between features of a fixed network, added to the pixel loss.

    ``extractor`` names an architecture of keras.applications or the library's own, ``small``;
    ``weights`` is ``default`` (random ones of a fixed seed for ``small``, else ImageNet's), ``imagenet``,
    a file, or null for random ones. ``layers`` gives each layer its weight.
    """

    extractor: Literal["vgg16", "vgg19", "resnet50", "inception_v3", "small"] = "small"
    layers: dict[str, PositiveFloat] = Field(min_length=1)
    weights: str | None = "default"
    distance: Literal["l1", "l2"] = "l2"


class Loss(Section):
    """The distance between what the network makes and the truth."""

    pixel: Pixel | None = "l1"
    pixel_weight: Annotated[float, Field(ge=0)] = 1.0
    perceptual: Perceptual | None = None

    @model_validator(mode="after")
    def _something_is_compared(self) -> "Loss":
        if self.pixel is None and self.perceptual is None:
            raise ValueError("needs `pixel`, `perceptual` or both")
        return self
