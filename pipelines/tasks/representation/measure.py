"""Measures encoders: how good their frozen features are, compared with the baselines'."""

from __future__ import annotations

from typing import Any

from pipelines.recipe.trial import Trial
from pipelines.tasks.representation import sheets
from pipelines.tasks.representation.features import Encode
from pipelines.tasks.representation.recipe import RepresentationRecipe
from pipelines.tasks.representation.reference import measured, reference


def measure(recipe: RepresentationRecipe, trial: Trial) -> dict[str, Any]:
    """Measures a trained model.

    Args:
        recipe: the completed recipe.
        trial: its model has `encode`; its directories are for the sheets and for the references.

    Returns:
        ``numbers`` (name -> value, for those that could be measured), ``baselines`` (name -> numbers), ``penultimate``
        (numbers of the features below an embedding, or None), ``dim``, ``images``, ``known``, ``components`` and
        ``classes``.
    """
    baselines, components = reference(recipe, trial.examples, trial.content, trial.shared)
    trained = trial.model()
    functions: dict[str, Encode] = {"model": trained.encode}
    penultimate = recipe.model.penultimate(trained)
    if penultimate is not None:
        functions["penultimate"] = penultimate
    found = measured(recipe, functions, trial.examples)
    drawn = sheets.draw(recipe, trained, trial.examples, trial.directory)
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
