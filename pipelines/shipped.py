"""The models that ship, ``saved_models/<name>/<version>``, exported again from their own weights.

``make shipped`` runs this file after changes of the exporter; a test compares what ships with what it would make.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import tasks
from pipelines.components import card as cards
from pipelines.console import Console
from pipelines.run import loading as recipes
from pipelines.runtime import saved_model, store
from pipelines.training import weights

if TYPE_CHECKING:
    import keras

HOME = Path(__file__).parents[1] / "saved_models"
_EXTRA = "assets.extra"


def versions(home: Path = HOME) -> list[Path]:
    """Returns the directories of all models that ship."""
    return sorted(path.parent for path in home.glob("*/*/saved_model.pb"))


def card(version: Path) -> dict[str, Any]:
    """Returns the card that ships with a model."""
    read: dict[str, Any] = json.loads((version / _EXTRA / "card.json").read_text(encoding="utf-8"))
    return read


def model(version: Path) -> "keras.Model":
    """Makes the method that a card names, with the weights of the SavedModel next to the card.

    Raises:
        ValueError: the recipe now has other networks, or the SavedModel has other variables.
    """
    import tensorflow as tf

    told = card(version)
    recipe = recipes.load(told["recipe"])
    parameters = recipe.model_dump(mode="json")["model"]
    if parameters != told["parameters"]["model"]:
        raise ValueError(
            f"{version}: the recipe {told['recipe']} must have the card's networks. Received: {parameters}"
        )
    method = weights.build(recipe)
    # Saved under the names of layers and weights, with which Keras' paths end.
    saved = {variable.name.removesuffix(":0"): variable for variable in tf.saved_model.load(str(version)).read}
    names = {"/".join(weight.path.split("/")[-2:]): weight for weight in method.trainable_weights}
    if names.keys() != saved.keys():
        raise ValueError(f"{version}: must have the variables {sorted(names)}. Received: {sorted(saved)}")
    for name, weight in names.items():
        weight.assign(saved[name].numpy())
    return method


def export(version: Path, path: Path) -> Path:
    """Exports a model that ships with today's exporter."""
    from keras_genssl import export as exporting

    return exporting.saved_model(model(version), path)


def renew(version: Path) -> Path:
    """Replaces a model that ships by today's export as the next version, with its card, and returns the new directory.

    The number changes because TensorFlow Serving, and whoever copied the model, tells exports apart by it.
    """
    following = version.with_name(str(int(version.name) + 1))
    told = card(version)
    with tempfile.TemporaryDirectory(dir=version.parent, prefix=".renewing-") as directory:
        made = export(version, Path(directory) / "model")
        # The weights are the same, so the card's numbers, measured on the first export, still hold.
        told["digest"] = store.digest({"weights": told["training"]["sha256"], "export": saved_model.digest(made)})
        told["signatures"] = saved_model.signatures(made)
        (made / _EXTRA).mkdir()
        store.write_json(made / _EXTRA / "card.json", told)
        text = cards.markdown(told, int(following.name), tasks.named(told["task"]))
        (made / _EXTRA / "README.md").write_text(text, encoding="utf-8")
        version.rename(Path(directory) / "old")
        shutil.copytree(made, following)
    return following


if __name__ == "__main__":
    for each in versions():
        Console().result(str(each.relative_to(HOME)), renew(each).relative_to(HOME))
