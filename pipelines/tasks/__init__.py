"""Tasks: what a run does that depends on the kind of job. Each is a folder here, and is called like its folder.

The components (`pipelines.components`) and their order (`pipelines.run.run`) are the same for all; what differs
(what training reads, what is measured, what the export must answer, what report, card and results show) a task says.
To add one, make its folder: `numbers.py` declares what it measures, `recipe.py` holds its class of recipes, `task.py` a
`pipelines.tasks.base.Task` as ``TASK``, `results.py` its section of RESULTS.md, `recipes/` its YAML files. Nothing else
names it.
"""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pipelines.recipe.base import Recipe

if TYPE_CHECKING:
    from pipelines.tasks.base import Task


def names() -> list[str]:
    """The names of all tasks, sorted."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/task.py"))


def named(name: str) -> Task:
    """A task by the name that recipes give it."""
    task: Task = _module(name, "task").TASK
    return task


def of(recipe: Recipe) -> Task:
    """The task of a recipe."""
    return named(recipe.task)


@functools.cache
def recipes_of(name: str) -> type[Recipe]:
    """The class of recipes of a task; neither NumPy nor TensorFlow is imported for it."""
    module = _module(name, "recipe")
    (found,) = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Recipe) and value.__module__ == module.__name__
    ]
    return found


def results_of(name: str) -> ModuleType:
    """The module with a task's ``record`` and ``section``."""
    return _module(name, "results")


def _module(name: str, part: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}.{part}")
