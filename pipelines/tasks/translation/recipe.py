"""Recipes of translation: from one domain of images to another."""

from typing import ClassVar

from pydantic import PositiveInt

from pipelines.data.preparations.edge_drawings import EdgeDrawings
from pipelines.recipe.base import Recipe
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.thresholds import Bless
from pipelines.tasks.translation.methods import AnyMethod
from pipelines.tasks.translation.numbers import NUMBERS


class Evaluate(Bless):
    """The error to the truth of the first ``images`` held out, beside copying and histogram matching."""

    numbers: ClassVar[Numbers] = NUMBERS

    images: PositiveInt = 2000


class TranslationRecipe(Recipe):
    """A recipe whose task is translation."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.bless={ratio: {max: 1.0}}",)

    prepare: EdgeDrawings = EdgeDrawings()
    model: AnyMethod
    evaluate: Evaluate = Evaluate()
