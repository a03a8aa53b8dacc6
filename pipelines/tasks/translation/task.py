"""Translation: from one domain of images to another, against a known truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.report.judgement import Gallery, Picture, Row
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.translation import data, measure
from pipelines.tasks.translation.numbers import NUMBERS
from pipelines.tasks.translation.recipe import TranslationRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

DOMAIN = 10_000  # training images whose levels histogram matching takes


class Translation(Task[TranslationRecipe]):
    """From one domain of images to another, against a known truth."""

    numbers = NUMBERS

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

    def asked(self, recipe: TranslationRecipe) -> str:
        """What is translated."""
        return recipe.prepare.source

    def identity(self, recipe: TranslationRecipe) -> dict[str, Any]:
        """Method, size and direction."""
        return {**super().identity(recipe), "source": recipe.prepare.source}

    def caption(self, evaluation: dict[str, Any]) -> str:
        """From what into what, and what an error is."""
        other = {"image": "drawings of them", "drawing": "images"}[evaluation["source"]]
        return (
            f"{evaluation['images']:,} {evaluation['source']}s held out, translated into {other}, against the known "
            "truth: mean absolute differences of values in [-1, 1]; the better baseline is the least of copying and "
            "histogram matching."
        )

    def galleries(self, recipe: TranslationRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Images with their translations."""
        return [
            Gallery(
                "Side by side",
                f"The first held out, none picked; from the top: {', '.join(evaluation['rows'])}.",
                [Row("", [Picture(pictures / "translations.png", "images and their translations")])],
            )
        ]

    def usage(self, parameters: dict[str, Any]) -> str:
        """An image file to another."""
        return """import tensorflow as tf

translate = tf.saved_model.load({path}).signatures["serving_default"]
png = translate(image_bytes=tf.io.read_file("image.png")[None])["image_bytes"][0]
tf.io.write_file("translated.png", png)"""

    def signatures(self, card: dict[str, Any]) -> dict[str, str]:
        """Images to images."""
        return {
            "serving_default": "encoded image in, PNG out",
            "serving_tensor": "float32 NHWC in [-1, 1] in and out",
        }


TASK = Translation()
