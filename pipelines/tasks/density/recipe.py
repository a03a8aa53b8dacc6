"""Recipes of density: how probable an image is, pixel by pixel."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import Images
from pipelines.recipe.base import Recipe
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.thresholds import Bless
from pipelines.tasks.density.methods import AnyDensity
from pipelines.tasks.density.numbers import NUMBERS


class Evaluate(Bless):
    """How the density of the first held-out ``images`` is measured, on the method's levels.

    Simple codes are counted on the training images. ``shown`` images are completed from their upper halves, or, if the
    method has a code, drawn from it.
    """

    numbers: ClassVar[Numbers] = NUMBERS

    images: PositiveInt = 10000
    shown: PositiveInt = 10


class DensityRecipe(Recipe):
    """A recipe whose task is density."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.bless=null",)

    prepare: Images = Images()
    model: Annotated[AnyDensity, Field(discriminator="method")]
    evaluate: Evaluate = Evaluate()
