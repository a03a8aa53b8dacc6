"""Recipes of translation: from one domain of images to another."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.base import Recipe
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.preparations.images import Squares
from pipelines.recipe.thresholds import Bless
from pipelines.tasks.translation.methods import AnyMethod
from pipelines.tasks.translation.numbers import NUMBERS


class EdgeDrawings(Squares):
    """Whole images and drawings of their edges, as `Squares` and `pretext.edge_drawing` make them.

    ``source`` is what is translated, into the other. A method without pairs learns from the sources of the first half
    of the training images and the targets of the second: it never sees both of one.
    """

    later: ClassVar[frozenset[str]] = frozenset({"source"})

    preparation: Literal["edge_drawings"] = "edge_drawings"
    thickness: PositiveInt = 2
    threshold: Annotated[float, Field(gt=0)] = 48.0
    source: Literal["image", "drawing"] = "image"

    @property
    def target(self) -> str:
        """What sources are translated into."""
        return {"image": "drawing", "drawing": "image"}[self.source]


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
