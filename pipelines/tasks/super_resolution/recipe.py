"""Recipes of super-resolution: photographs, and the small images made from them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.recipe.base import Export, Recipe
from pipelines.recipe.losses import Loss
from pipelines.recipe.method import Sections
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.thresholds import Bless
from pipelines.tasks.super_resolution.methods import AnyMethod, SuperResolutionTrain
from pipelines.tasks.super_resolution.numbers import NUMBERS

SSIM_WINDOW = 11


class Evaluate(Bless):
    """How the model is compared with bicubic: on ``channel``, without ``border`` pixels at each edge.

    If ``border`` is null, it is the scale. ``gain_db`` is the mean gain over the held-out photographs,
    ``least_gain_db`` the smallest gain of one photograph.
    """

    numbers: ClassVar[Numbers] = NUMBERS

    channel: Literal["y", "rgb"] = "y"
    border: Annotated[int, Field(ge=0)] | None = None


class ScaledExport(Export):
    """The name under which the model is pushed; ``{scale}`` in it is replaced by ``prepare.scale``."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9_]|\{scale\})*$")


class SuperResolutionRecipe(Recipe):
    """A recipe whose task is super-resolution."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.bless.gain_db.min=0.0",)

    prepare: SuperResolution = SuperResolution()
    model: AnyMethod
    loss: Loss = Loss()
    train: SuperResolutionTrain
    evaluate: Evaluate = Evaluate()
    export: ScaledExport

    @property
    def sections(self) -> Sections:
        return Sections(self.prepare, self.train, self.loss)

    @model_validator(mode="after")
    def _sections_agree(self) -> "SuperResolutionRecipe":
        interpolation, method = self.prepare.interpolation, self.model.method
        if (method == "SRCNN") != (interpolation is not None):
            raise ValueError(
                "`prepare.interpolation` must be set for SRCNN, whose input is as large as its output, and "
                f"for no other method. Received: model.method={method}, prepare.interpolation={interpolation}"
            )
        if method != "SRGAN" and self.train.warm_start is not None:
            raise ValueError(f"`train.warm_start` is for SRGAN only. Received: model.method={method}")
        if self.prepare.patch_size - 2 * self.border < SSIM_WINDOW:
            raise ValueError(
                f"`prepare.patch_size` less twice `evaluate.border` must be at least {SSIM_WINDOW}, the window "
                f"of SSIM. Received: {self.prepare.patch_size} and {self.border}"
            )
        return self

    @property
    def border(self) -> int:
        """Returns the number of pixels ignored at each edge when measuring: ``evaluate.border``, or the scale."""
        return self.prepare.scale if self.evaluate.border is None else self.evaluate.border
