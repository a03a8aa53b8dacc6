"""Encoders measured: what their frozen features are worth beside the baselines', and the blessing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.tasks.representation import sheets
from pipelines.tasks.representation.features import Encode
from pipelines.tasks.representation.recipe import BASELINES, RepresentationRecipe
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
    """Measures a trained model and decides on the blessing.

    Args:
        recipe: settled.
        model: makes the trained model; has `encode`.
        examples: the prepared directory.
        content: the digest of what is in it.
        directory: for the sheets.
        shared: where references are kept.

    Returns:
        ``numbers`` (name -> value, those that could be measured) with their differences to the baselines',
        ``baselines`` (name -> numbers), ``penultimate`` (numbers of the features under an embedding, or None), ``dim``,
        ``images``, ``known``, ``components``, ``classes``, ``thresholds``, ``blessed`` and ``reasons``.
    """
    baselines, components = reference(recipe, examples, content, shared)
    trained = model()
    functions: dict[str, Encode] = {"model": trained.encode}
    penultimate = recipe.model.penultimate(trained)
    if penultimate is not None:
        functions["penultimate"] = penultimate
    found = measured(recipe, functions, examples)
    numbers = {**found["model"], **differences(found["model"], baselines)}
    drawn = sheets.draw(recipe, trained, examples, directory)
    reasons = recipe.evaluate.against(numbers)
    return {
        "numbers": numbers,
        "baselines": baselines,
        "penultimate": found.get("penultimate"),
        "dim": recipe.model.served(trained).output_shape[-1],
        **drawn,
        "known": recipe.evaluate.known,
        "components": components,
        "classes": recipe.train.classes,
        "neighbours": recipe.evaluate.neighbours,
        "labels_per_class": recipe.evaluate.labels_per_class,
        "thresholds": recipe.evaluate.model_dump(mode="json", include={"bless"}),
        "blessed": not reasons,
        "reasons": reasons,
    }


def differences(numbers: dict[str, float], baselines: dict[str, dict[str, float]]) -> dict[str, float]:
    """What is gained over each baseline, by name of a number and of a baseline.

    >>> differences({"knn": 0.75, "knn_deviation": 0.1}, {"pca": {"knn": 0.5, "knn_deviation": 0.1}})
    {'knn_over_pca': 0.25}
    """
    return {
        f"{name}_over_{other}": value - baselines[other][name]
        for name, value in numbers.items()
        for other in BASELINES
        if not name.endswith("_deviation") and name in baselines.get(other, {})
    }
