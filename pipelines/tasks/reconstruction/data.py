"""What autoencoders are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: ReconstructionRecipe, examples: Path) -> tf.data.Dataset:
    """Returns the images as they are prepared."""
    from keras_genssl import data

    settings = recipe.train
    return data.load(examples, "train", settings.batch_size, seed=settings.seed, features=["image"])
