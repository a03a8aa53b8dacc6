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
    return images.training(recipe, examples, images.numbers(examples))
