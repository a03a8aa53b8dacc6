"""What the training of super-resolution reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.tasks.super_resolution.recipe import SuperResolutionRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: SuperResolutionRecipe, examples: Path) -> tf.data.Dataset:
    """Pairs of patches, flipped and turned at random."""
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
