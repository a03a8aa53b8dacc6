"""What density models are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.tasks import images
from pipelines.tasks.density.recipe import DensityRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: DensityRecipe, examples: Path) -> tf.data.Dataset:
    """Returns the images on the method's levels, with their labels if they have any."""
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
