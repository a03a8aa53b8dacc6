"""What generators are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.tasks import images
from pipelines.tasks.generation.recipe import GenerationRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: GenerationRecipe, examples: Path) -> tf.data.Dataset:
    """Returns the images as they are prepared, with those of their labels that the method is to know."""
    return images.training(recipe, examples, images.numbers(examples))
