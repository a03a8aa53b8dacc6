"""Measures encoders: how good their frozen features are, compared with the baselines'."""

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
        recipe: the completed recipe.
        model: makes the trained model, which has `encode`.
        examples: the directory of prepared examples.
        content: the digest of the directory's content.
        directory: the directory for the sheets.
        shared: the directory in which references are kept.

    Returns:
        ``numbers`` (name -> value, for those that could be measured), ``baselines`` (name -> numbers), ``penultimate``
        (numbers of the features below an embedding, or None), ``dim``, ``images``, ``known``, ``components`` and
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
