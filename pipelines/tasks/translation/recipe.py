"""Recipes of translation: images of one domain to another."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from pipelines.data.preparations.edge_drawings import EdgeDrawings
from pipelines.data.preparations.photographs import PhotographPairs, Photographs
from pipelines.recipe.base import Recipe
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.thresholds import Bless
from pipelines.tasks.translation.methods import AnyMethod
from pipelines.tasks.translation.numbers import NUMBERS

AnyPreparation = Annotated[EdgeDrawings | Photographs | PhotographPairs, Field(discriminator="preparation")]


class Evaluate(Bless):
    """How translations of the first held-out ``images`` are measured.

    If the truth is known, by the error to it, compared with copying and histogram matching. With ``features: small``
    also by FID and KID to held-out images of the other domain, in `keras_genssl.metrics.SmallFeatures`, compared with
    those of the untranslated sources. Methods that also translate back are measured by the error of the images that
    come back.
    """

    numbers: ClassVar[Numbers] = NUMBERS

    images: PositiveInt = 2000
    features: Literal["none", "small"] = "none"


class TranslationRecipe(Recipe):
    """A recipe whose task is translation."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.bless={ratio: {max: 1.0}}",)
    own_pairs: ClassVar[tuple[str, ...]] = own_data
    own_names: ClassVar[tuple[str, ...]] = ("first", "second")

    prepare: AnyPreparation = EdgeDrawings()
    model: AnyMethod
    evaluate: Evaluate = Evaluate()

    @field_validator("prepare", mode="before")
    @classmethod
    def _drawings_by_default(cls, value: Any) -> Any:
        return {"preparation": "edge_drawings", **value} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _the_method_learns_from_what_is_prepared(self) -> "TranslationRecipe":
        known, given = self.model.learns_from, self.prepare.preparation
        if given not in known:
            raise ValueError(
                f"`prepare.preparation` must be {' or '.join(known)} for {self.model.method}. Received: {given}"
            )
        return self
