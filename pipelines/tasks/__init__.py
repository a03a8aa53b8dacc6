"""Tasks: what a run does that depends on the kind of job. One package per task.

The components (`pipelines.components`) and their order (`pipelines.runtime.run`) are the same for all; what differs
(what training reads, what is measured and by which thresholds judged, what the export must answer, what report, card
and results show) a task says, as a `Task`. To add one: a class of recipes in `pipelines.tasks.recipe_classes`,
named in its
`RECIPES`, and here a package of the same name that holds `TASK`.
"""

import importlib

from pipelines.recipe.base import Recipe
from pipelines.tasks.base import Task

__all__ = ["Task", "named", "of"]


def named(name: str) -> Task:
    """A task by the name that recipes give it."""
    return importlib.import_module(f"{__name__}.{name}.task").TASK


def of(recipe: Recipe) -> Task:
    """The task of a recipe."""
    return named(recipe.task)
