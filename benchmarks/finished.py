"""Finished runs of recipes, for benchmarks that compare what they trained."""

import json
from pathlib import Path
from typing import Any

import keras

from pipelines.recipe.base import Recipe
from pipelines.training import weights


def last(runs: Path, name: str, kind: type[Recipe]) -> tuple[Any, keras.Model, dict[str, Any]]:
    """Returns the last finished run of a recipe: the recipe as it was run, the trained model, and what was measured.

    Args:
        runs: the ``--output`` of the runs.
        name: the recipe's name.
        kind: the class of the recipe.

    Raises:
        SystemExit: no run has finished.
    """
    found = sorted((runs / "runs" / name).glob("*/metrics.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"{runs}: holds no finished run of {name}; first: genssl run {name} --output {runs}")
    measured = json.loads(found[-1].read_text(encoding="utf-8"))
    recipe = kind.model_validate(measured["recipe"])
    return recipe, weights.load(recipe, found[-1].parent / "train"), measured
