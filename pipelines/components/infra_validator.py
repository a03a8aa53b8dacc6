"""InfraValidator: the SavedModel asked in a process without Keras and this package, and held against the model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pipelines.recipe.base import Recipe
from pipelines.runtime import code, device, store
from pipelines.runtime.component import Component, Kind

SPEC = Component("InfraValidator", {"exported": Kind.SAVED_MODEL, "examples": Kind.PREPARED}, Kind.CHECK)


class Asks(Protocol):
    """What is asked of a task."""

    def export_probe(self, recipe: Any, model: Callable[[], Any], examples: Path) -> tuple[Any, Any]:
        """What the SavedModel is asked, and what the model in memory answers."""
        ...


def validate(
    model: Callable[[], Any], examples: Path, recipe: Recipe, task: Asks, exported: store.Output, run: Path
) -> store.Output:
    """Asks the SavedModel the question of its task.

    Args:
        model: makes the trained model when it is needed.
        examples: the prepared directory.
        recipe: settled.
        task: of the recipe.
        exported: what `exporter.export` made.
        run: the run's directory, locked by the caller.

    Returns:
        The output; ``result["checked"]`` says whether the SavedModel answered as the model in
        memory does, ``result["error"]`` how it failed, ``result["max_error"]`` by how much it
        differed at most (images in grey levels of 255).
    """

    def build(part: Path) -> dict[str, Any]:
        return _validated(recipe, task, model, examples, exported.path / "model", part)

    found = store.read(run / "validation")
    if found is not None and not found.result["checked"]:
        shutil.rmtree(run / "validation")  # the process may have died for want of memory: a failure is asked for again
    return store.make(run / "validation", inputs(recipe, task, exported), build)


def inputs(recipe: Recipe, task: Asks, exported: store.Output) -> dict[str, Any]:
    """Everything that the check depends on; the arguments are those of `validate`."""
    return {
        "exported": exported.content,
        "trained": exported.inputs["trained"],
        "code": code.digest(_validated, type(task)),
    }


def _validated(
    recipe: Recipe, task: Asks, model: Callable[[], Any], examples: Path, saved_model: Path, part: Path
) -> dict[str, Any]:
    """Asks the SavedModel, and writes into ``part`` how it answered."""
    device.start()
    from keras_genssl import export as exporting

    asked, expected = task.export_probe(recipe, model, examples)
    error, difference = None, None
    try:
        difference = exporting.check(saved_model, asked, expected).max_error
    except exporting.CheckFailed as failure:
        error = str(failure)
    result = {"checked": error is None, "error": error, "max_error": difference}
    store.write_json(part / "validation.json", result)
    return result
