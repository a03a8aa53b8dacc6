"""InfraValidator: runs the SavedModel in a process without Keras and this package, and compares it with the model."""

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
    """What the InfraValidator needs from a task."""

    def export_probe(self, recipe: Any, model: Callable[[], Any], examples: Path) -> tuple[Any, Any]:
        """Returns the input for the SavedModel, and the answer of the model in memory."""
        ...


def validate(
    model: Callable[[], Any], examples: Path, recipe: Recipe, task: Asks, exported: store.Output, run: Path
) -> store.Output:
    """Asks the SavedModel for its answer and compares it with the model's.

    Args:
        model: makes the trained model when it is needed.
        examples: the directory of prepared examples.
        recipe: the completed recipe.
        task: the task of the recipe.
        exported: the output of `exporter.export`.
        run: the run's directory, locked by the caller.

    Returns:
        The output. ``result["checked"]`` says whether the SavedModel answered as the model in
        memory, ``result["error"]`` how it failed, and ``result["max_error"]`` the largest
        difference (for images in grey levels of 255).
    """

    def build(part: Path) -> dict[str, Any]:
        return _validated(recipe, task, model, examples, exported.path / "model", part)

    found = store.read(run / "validation")
    if found is not None and not found.result["checked"]:
        shutil.rmtree(run / "validation")  # a failure is tried again, since the process may have run out of memory
    return store.make(run / "validation", inputs(recipe, task, exported), build)


def inputs(recipe: Recipe, task: Asks, exported: store.Output) -> dict[str, Any]:
    """Returns everything that the check depends on; the arguments are those of `validate`."""
    return {
        "exported": exported.content,
        "trained": exported.inputs["trained"],
        "code": code.digest(_validated, type(task)),
    }


def _validated(
    recipe: Recipe, task: Asks, model: Callable[[], Any], examples: Path, saved_model: Path, part: Path
) -> dict[str, Any]:
    """Asks the SavedModel, and writes its answer's check into ``part``."""
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
