"""Generation: images like those of a data set, from noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.report.judgement import Judgement
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.generation import data, measure, show
from pipelines.tasks.generation import features as networks
from pipelines.tasks.generation.recipe import GenerationRecipe
from pipelines.tasks.generation.reference import reference

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Generation(Task[GenerationRecipe]):
    """Images like those of a data set, from noise."""

    def training_data(self, recipe: GenerationRecipe, examples: Path) -> tf.data.Dataset:
        """Images, and labels where there are any."""
        return data.training(recipe, examples)

    def judged_by(self, recipe: GenerationRecipe) -> dict[str, Any]:
        """What is measured, in which features, and the thresholds."""
        return {
            "evaluate": recipe.evaluate.model_dump(mode="json"),
            "features": networks.identity(recipe.evaluate.features),
        }

    def evaluate(
        self,
        recipe: GenerationRecipe,
        model: Callable[[], keras.Model],
        examples: Path,
        content: str,
        directory: Path,
        shared: Path,
    ) -> dict[str, Any]:
        """Distances of samples from training images, beside those of real images held out and of a baseline."""
        against = reference(recipe, examples, content, shared)
        for sheet in against.path.glob("*.png"):
            (directory / sheet.name).write_bytes(sheet.read_bytes())
        return measure.measure(recipe, model(), against, examples, directory)

    def summary(self, evaluation: dict[str, Any]) -> str:
        """The distance, and what is between floor and baseline."""
        return show.summary(evaluation)

    def export_probe(
        self, recipe: GenerationRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """What the default signature takes: latents, with labels where there are any; a VAE's, images."""
        return images.export_probe(model(), examples)

    def identity(self, recipe: GenerationRecipe) -> dict[str, Any]:
        """Method and size."""
        return {"method": recipe.model.method, "image": list(recipe.prepare.shape)}

    def judgement(self, recipe: GenerationRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """The distances, and sheets of samples, real images and the baseline's."""
        return show.judgement(recipe, evaluation, pictures)

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """The table of distances."""
        return show.card_text(card, path)


TASK = Generation()
