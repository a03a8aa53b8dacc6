"""What super-resolution is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.tasks.super_resolution.recipe import SuperResolutionRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: SuperResolutionRecipe, examples: Path) -> tf.data.Dataset:
    """Returns pairs of patches, flipped and rotated at random."""
    from keras_genssl import data, pretext

    settings = recipe.train
    return data.load(
        examples,
        "train",
        settings.batch_size,
        seed=settings.seed,
        transform=pretext.dihedral,
        features=["low", "high"],
    )
