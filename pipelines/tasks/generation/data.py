"""What generators are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.recipe.base import Recipe
from pipelines.tasks import images

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: Recipe, examples: Path) -> tf.data.Dataset:
    """Returns the images as they are prepared, with their labels if they have any."""
    from keras_genssl import data

    settings = recipe.train
    return data.load(
        examples,
        "train",
        settings.batch_size,
        seed=settings.seed,
        features=images.numbers(examples),
        transform=recipe.model.transform(),
    )
