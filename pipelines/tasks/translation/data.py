"""What translators are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.tasks import images
from pipelines.tasks.translation.recipe import TranslationRecipe

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf


def training(recipe: TranslationRecipe, examples: Path) -> tf.data.Dataset:
    """Returns pairs, or unpaired images of both domains."""
    if recipe.prepare.preparation == "edge_drawings":
        return _drawings(recipe, examples)
    from keras_genssl import data

    settings, source, target = recipe.train, recipe.prepare.source, recipe.prepare.target
    if recipe.model.paired:
        pairs = data.load(examples, "train", settings.batch_size, seed=settings.seed, features=[source, target])
        return pairs.map(lambda pair: {"source": pair[source], "target": pair[target]})
    domains = {
        name: data.load(directory, "train", features=["image"]) for name, directory in images.inputs(examples).items()
    }
    return data.join(
        {"first": domains[source], "second": domains[target]}, settings.batch_size, aligned=False, seed=settings.seed
    )


def _drawings(recipe: TranslationRecipe, examples: Path) -> tf.data.Dataset:
    """Returns images and their drawings, or sources of one half of the images with targets of the other half."""
    from keras_genssl import data, pretext

    settings = recipe.train
    read = images.read(examples, "train", features=["image", "drawing"])
    first, second = read[recipe.prepare.source], read[recipe.prepare.target]
    if recipe.model.paired:
        pairs = {"source": first, "target": second}
        return data.load(pairs, "train", settings.batch_size, seed=settings.seed)
    sources, targets = halves(first, second)
    transform: Any = pretext.Unpaired(targets)
    return data.load({"image": sources}, "train", settings.batch_size, seed=settings.seed, transform=transform)


def halves(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the first half of one domain and the second half of the other."""
    middle = len(first) // 2
    return first[:middle], second[middle:]
