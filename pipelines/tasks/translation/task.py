"""Translation: from one domain of images to another."""

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


# The name of what is translated -> what people call it, and what it becomes.
_DIRECTIONS = {
    "image": ("images", "drawings of them"),
    "drawing": ("drawings", "images"),
    "first": ("images of the first domain", "the second"),
    "second": ("images of the second domain", "the first"),
}


class Translation(Task[TranslationRecipe]):
    """From one domain of images to another."""

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
        """Errors and distances of the model and of what needs no training."""
        return measure.measure(recipe, model(), measure.held_out(recipe, examples), directory)

    def export_probe(
        self, recipe: TranslationRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """Images held out, of the input that is translated where there are several."""
        if len(recipe.inputs) == 1:
            return super().export_probe(recipe, model, examples)
        return images.export_probe(model(), images.inputs(examples)[recipe.prepare.source])

    def asked(self, recipe: TranslationRecipe) -> str:
        """What is translated."""
        return recipe.prepare.source

    def identity(self, recipe: TranslationRecipe) -> dict[str, Any]:
        """Method, size and direction."""
        return {**super().identity(recipe), "source": recipe.prepare.source}

    def caption(self, evaluation: dict[str, Any]) -> str:
        """From what into what, and what an error and a distance are."""
        of, into = _DIRECTIONS[evaluation["source"]]
        text = f"{evaluation['images']:,} {of} held out, translated into {into}"
        if evaluation.get("paired", True):
            text += (
                ", against the known truth: mean absolute differences of values in [-1, 1]; the better baseline is the "
                "least of copying and histogram matching."
            )
        else:
            text += "; what comes back is compared with them, in mean absolute differences of values in [-1, 1]."
        if "fid" in evaluation["numbers"]:
            text += (
                " FID and KID compare translations with images held out of the other domain, in features of a small "
                "network with random weights (`metrics.SmallFeatures`): they compare methods on these images, and "
                "nothing else."
            )
        return text

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
