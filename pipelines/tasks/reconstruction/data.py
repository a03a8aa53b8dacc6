"""What autoencoders are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.tasks import images
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: ReconstructionRecipe, examples: Path) -> tf.data.Dataset:
    """Returns the images as they are prepared; with few labels, if the method learns from them."""
    labels = [] if recipe.model.few_labels() is None else ["label"]
    return images.training(recipe, examples, ["image", *labels])
