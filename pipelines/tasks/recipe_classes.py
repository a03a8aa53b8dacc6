"""What a recipe may say: one pydantic class per section, one kind of recipe per task.

Every section forbids unknown keys and coerces nothing: ``epochs: "3"`` is an error, not three. The key ``task``
chooses the kind of recipe, and with it what may stand in `prepare`, `model`, `loss` and `evaluate`. Methods and their
parameters are in `pipelines.tasks`; what a task does is in `pipelines.tasks`. Nothing here imports TensorFlow.
"""

from pipelines.recipe.base import Export, Recipe
from pipelines.recipe.training import Constant, Cosine, Linear, Piecewise, Rate, Train
from pipelines.tasks.generation.recipe import GenerationRecipe
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe
from pipelines.tasks.representation.recipe import RepresentationRecipe
from pipelines.tasks.super_resolution.recipe import SuperResolutionRecipe
from pipelines.tasks.translation.recipe import TranslationRecipe

DEFAULT = "super_resolution"  # the task of a recipe that names none

RECIPES: dict[str, type[Recipe]] = {
    "super_resolution": SuperResolutionRecipe,
    "generation": GenerationRecipe,
    "reconstruction": ReconstructionRecipe,
    "translation": TranslationRecipe,
    "representation": RepresentationRecipe,
}

__all__ = [
    "DEFAULT",
    "RECIPES",
    "Constant",
    "Cosine",
    "Export",
    "GenerationRecipe",
    "Linear",
    "Piecewise",
    "Rate",
    "Recipe",
    "ReconstructionRecipe",
    "RepresentationRecipe",
    "SuperResolutionRecipe",
    "Train",
    "TranslationRecipe",
]
