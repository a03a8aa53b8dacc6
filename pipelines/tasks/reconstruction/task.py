"""Reconstruction: images through a narrow code and back, against PCA."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.report.judgement import Judgement
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.reconstruction import data, measure, show
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Reconstruction(Task[ReconstructionRecipe]):
    """Images through a narrow code and back, against PCA."""

    def training_data(self, recipe: ReconstructionRecipe, examples: Path) -> tf.data.Dataset:
        """Images."""
        return data.training(recipe, examples)

    def evaluate(
        self,
        recipe: ReconstructionRecipe,
        model: Callable[[], keras.Model],
        examples: Path,
        content: str,
        directory: Path,
        shared: Path,
    ) -> dict[str, Any]:
        """Errors of the model and of PCA on the images held out."""
        train = images.read(examples, "train", images.fitted(recipe.prepare.shape))["image"]
        test = images.read(examples, "eval", recipe.evaluate.images)["image"]
        return measure.measure(recipe, model(), train, test, directory)

    def summary(self, evaluation: dict[str, Any]) -> str:
        """Both errors."""
        return show.summary(evaluation)

    def export_probe(
        self, recipe: ReconstructionRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """Images as PNG, and their codes."""
        return images.export_probe(model(), examples)

    def identity(self, recipe: ReconstructionRecipe) -> dict[str, Any]:
        """Method, size and code."""
        return {
            "method": recipe.model.method,
            "image": list(recipe.prepare.shape),
            "code_dim": recipe.model.code_dim,
        }

    def judgement(self, recipe: ReconstructionRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """The errors, and images with their reconstructions."""
        return show.judgement(recipe, evaluation, pictures)

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """The table of errors."""
        return show.card_text(card, path)


TASK = Reconstruction()
