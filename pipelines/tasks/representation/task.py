"""Representation: images to vectors, measured frozen, beside raw pixels, PCA and a random encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.recipe.preparations.images import Squares
from pipelines.report.judgement import Judgement
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.representation import data, measure, show
from pipelines.tasks.representation.recipe import RepresentationRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Representation(Task[RepresentationRecipe]):
    """Images to vectors, measured frozen, beside raw pixels, PCA and a random encoder."""

    def judged_on(self, recipe: RepresentationRecipe) -> Squares:
        """Whole images, so that all methods and baselines are measured on the same; the pairs of a table."""
        return recipe.judged_on

    def training_data(self, recipe: RepresentationRecipe, examples: Path) -> tf.data.Dataset:
        """Images, with labels or numbers where the method reads them."""
        return data.training(recipe, examples)

    def evaluate(
        self,
        recipe: RepresentationRecipe,
        model: Callable[[], keras.Model],
        examples: Path,
        content: str,
        directory: Path,
        shared: Path,
    ) -> dict[str, Any]:
        """What simple methods make of the vectors of images held out."""
        return measure.measure(recipe, model, examples, content, directory, shared)

    def summary(self, evaluation: dict[str, Any]) -> str:
        """The first number, and the baselines'."""
        return show.summary(evaluation)

    def export_probe(
        self, recipe: RepresentationRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """Images as PNG, and their vectors."""
        return images.export_probe(model(), examples, recipe.looked_at)

    def identity(self, recipe: RepresentationRecipe) -> dict[str, Any]:
        """Method, size and encoder."""
        return {
            "method": recipe.model.method,
            "image": list(recipe.prepare.shape),
            "encoder": recipe.model.encoder.model_dump(mode="json"),
        }

    def judgement(self, recipe: RepresentationRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """The numbers, what is found alike, views, and vectors in the plane."""
        return show.judgement(recipe, evaluation, pictures)

    def statistics(self, examples: dict[str, Any], prepared: dict[str, Any]) -> dict[str, Any]:
        """Where pairs, triplets or tuples of frames are drawn, how many; of a table its pairs."""
        name, found = prepared["name"], super().statistics(examples, prepared)
        if name not in ("pairs", "triplets", "frame_tuples"):
            return found
        drawn = {f"{name.removeprefix('frame_')} to train on": prepared["splits"]["train"]["records"]}
        if "image" in examples["features"]:
            return {**found, **drawn}
        return {**drawn, f"{name} held out": prepared["splits"]["eval"]["records"]}

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """The table of numbers."""
        return show.card_text(card, path)


TASK = Representation()
