"""Translation: from one domain of images to another, against a known truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.report.judgement import Judgement
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.translation import data, measure, show
from pipelines.tasks.translation.recipe import TranslationRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

DOMAIN = 10_000  # training images whose levels histogram matching takes


class Translation(Task[TranslationRecipe]):
    """From one domain of images to another, against a known truth."""

    def training_data(self, recipe: TranslationRecipe, examples: Path) -> tf.data.Dataset:
        """Pairs, or images of both domains that are none."""
        return data.training(recipe, examples)

    def evaluate(
        self,
        recipe: TranslationRecipe,
        model: Callable[[], keras.Model],
        examples: Path,
        content: str,
        directory: Path,
        shared: Path,
    ) -> dict[str, Any]:
        """Errors of the model and of what needs no training."""
        pairs = ["image", "drawing"]
        test = images.read(examples, "eval", recipe.evaluate.images, pairs)
        domain = images.read(examples, "train", DOMAIN, pairs)[recipe.prepare.target]
        return measure.measure(recipe, model(), test, domain, directory)

    def summary(self, evaluation: dict[str, Any]) -> str:
        """The error."""
        return show.summary(evaluation)

    def export_probe(
        self, recipe: TranslationRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """Images as PNG, and their translations."""
        return images.export_probe(model(), examples, recipe.prepare.source)

    def identity(self, recipe: TranslationRecipe) -> dict[str, Any]:
        """Method, size and direction."""
        return {
            "method": recipe.model.method,
            "image": list(recipe.prepare.shape),
            "source": recipe.prepare.source,
        }

    def judgement(self, recipe: TranslationRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """The errors, and images with their translations."""
        return show.judgement(recipe, evaluation, pictures)

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """The table of errors."""
        return show.card_text(card, path)


TASK = Translation()
