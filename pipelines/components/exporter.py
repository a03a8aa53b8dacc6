"""Exporter: the trained model as a SavedModel, checked in a process without this package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import tasks
from pipelines.runtime import code, device, store
from pipelines.runtime.component import Component, Kind
from pipelines.schema import Recipe

SPEC = Component("Exporter", {"trained": Kind.WEIGHTS, "examples": Kind.PREPARED}, Kind.SAVED_MODEL)


def export(
    model: Callable[[], Any],
    examples: Path,
    recipe: Recipe,
    trained_digest: str,
    run: Path,
) -> store.Output:
    """Writes ``run/export/model`` and checks it by the question of its task.

    Args:
        model: makes the trained model when it is needed.
        examples: the prepared directory.
        recipe: a checked recipe.
        trained_digest: the digest of the training.
        run: the run's directory, locked by the caller.

    Returns:
        The output; ``result["checked"]`` says whether the SavedModel answered as the model in
        memory does, ``result["error"]`` how it failed, ``result["max_error"]`` by how much it
        differed at most (images in grey levels of 255), ``result["bytes"]`` its size.
    """
    task = tasks.of(recipe)
    inputs = {
        "trained": trained_digest,
        "code": code.digest(
            "pipelines.components.exporter", f"pipelines.tasks.{recipe.task}.data", "keras_genssl.export"
        ),
    }

    def build(part: Path) -> dict[str, Any]:
        device.start()
        from keras_genssl import export as exporting

        path = part / "model"
        exporting.saved_model(model(), path)
        asked, expected = task.question(recipe, model, examples)
        error, difference = None, None
        try:
            difference = exporting.check(path, asked, expected).max_error
        except exporting.CheckFailed as failure:
            error = str(failure)
        return {
            "checked": error is None,
            "error": error,
            "max_error": difference,
            "bytes": sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        }

    return store.make(run / "export", inputs, build)
