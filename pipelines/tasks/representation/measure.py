"""Encoders measured: what their frozen features are worth beside the baselines'."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.tasks.representation import sheets
from pipelines.tasks.representation.features import Encode
from pipelines.tasks.representation.recipe import RepresentationRecipe
from pipelines.tasks.representation.reference import measured, reference

if TYPE_CHECKING:
    import keras


def measure(
    recipe: RepresentationRecipe,
    model: Callable[[], keras.Model],
    examples: Path,
    content: str,
    directory: Path,
    shared: Path,
) -> dict[str, Any]:
    """Measures a trained model.

    Args:
        recipe: settled.
        model: makes the trained model; has `encode`.
        examples: the prepared directory.
        content: the digest of what is in it.
        directory: for the sheets.
        shared: where references are kept.

    Returns:
        ``numbers`` (name -> value, those that could be measured), ``baselines`` (name -> numbers), ``penultimate``
        (numbers of the features under an embedding, or None), ``dim``, ``images``, ``known``, ``components`` and
        ``classes``.
    """
    baselines, components = reference(recipe, examples, content, shared)
    trained = model()
    functions: dict[str, Encode] = {"model": trained.encode}
    penultimate = recipe.model.penultimate(trained)
    if penultimate is not None:
        functions["penultimate"] = penultimate
    found = measured(recipe, functions, examples)
    drawn = sheets.draw(recipe, trained, examples, directory)
    return {
        "numbers": found["model"],
        "baselines": baselines,
        "penultimate": found.get("penultimate"),
        "dim": recipe.model.served(trained).output_shape[-1],
        **drawn,
        "known": recipe.evaluate.known,
        "components": components,
        "classes": recipe.train.classes,
        "neighbours": recipe.evaluate.neighbours,
        "labels_per_class": recipe.evaluate.labels_per_class,
    }
