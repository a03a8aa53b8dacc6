"""The model of a recipe, and its weights on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError
from pipelines.recipe.base import Recipe
from pipelines.runtime import device, store

if TYPE_CHECKING:
    import keras

_WEIGHTS = "model.weights.h5"
_FACTS = "facts.json"


def build(recipe: Recipe, precision: str = "float32") -> keras.Model:
    """Makes the recipe's model, not compiled.

    Raises:
        UserError: the library refuses the parameters.
    """
    device.start()
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return recipe.model.build(recipe.sections)
    except (ValueError, OSError) as error:
        raise UserError(*f"The model of recipe `{recipe.name}` cannot be built: {error}".splitlines()) from error
    finally:
        keras.config.set_dtype_policy(before)


def with_facts(recipe: Recipe, facts: dict[str, Any]) -> Recipe:
    """Returns the recipe with the facts of the examples (`Method.facts`)."""
    return recipe.model_copy(update={"model": recipe.model.with_facts(facts)}) if facts else recipe


def save(model: keras.Model, facts: dict[str, Any], trained: Path) -> None:
    """Writes the weights, and the facts of the examples.

    Args:
        model: a model that is not compiled, since a weights file would otherwise contain optimizer states.
        facts: the result of `Method.facts`.
        trained: the directory of the training.
    """
    if facts:
        store.write_json(trained / _FACTS, facts)
    model.save_weights(trained / _WEIGHTS)


def load(recipe: Recipe, trained: Path) -> keras.Model:
    """Makes the recipe's model with the trained weights."""
    path = trained / _FACTS
    facts = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    model = build(with_facts(recipe, facts))
    model.load_weights(trained / _WEIGHTS)
    return model
