"""Tasks: the parts of a run that depend on the kind of job. Each task is a folder here with the task's name.

The components (`pipelines.components`) and their order (`pipelines.run.run`) are the same for all tasks. A task
defines what differs: what training reads, what is measured, how the export is checked, and what report, card and
results show. To add a task, make its folder: `numbers.py` declares what it measures, `recipe.py` holds its recipe
class, `task.py` a `pipelines.tasks.base.Task` as ``TASK``, `results.py` its section of RESULTS.md, and `recipes/`
its YAML files. No other file names the task.
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
    """Returns the sorted names of all tasks."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/task.py"))


def named(name: str) -> Task:
    """Returns the task with the name that recipes use."""
    task: Task = _module(name, "task").TASK
    return task


def of(recipe: Recipe) -> Task:
    """Returns the task of a recipe."""
    return named(recipe.task)


@functools.cache
def recipes_of(name: str) -> type[Recipe]:
    """Returns the recipe class of a task, without importing NumPy or TensorFlow."""
    module = _module(name, "recipe")
    (found,) = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Recipe) and value.__module__ == module.__name__
    ]
    return found


def results_of(name: str) -> ModuleType:
    """Returns the module with a task's functions ``record`` and ``section``."""
    return _module(name, "results")


def _module(name: str, part: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}.{part}")
