"""Translation: images of one domain to another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Gallery, Picture, Row
from pipelines.report.signatures import Tensors, arguments
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.distances import MANY
from pipelines.tasks.translation import data, measure
from pipelines.tasks.translation.coupled_gans import CoGAN
from pipelines.tasks.translation.numbers import NUMBERS
from pipelines.tasks.translation.recipe import TranslationRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


# Name of the translated input -> its name for readers, and the name of its translation.
_DIRECTIONS = {
    "image": ("images", "drawings of them"),
    "drawing": ("drawings", "images"),
    "first": ("images of the first domain", "the second"),
    "second": ("images of the second domain", "the first"),
}


class Translation(Task[TranslationRecipe]):
    """Translates images of one domain into another."""

    numbers = NUMBERS

    def training_data(self, recipe: TranslationRecipe, examples: Path) -> tf.data.Dataset:
        """Returns pairs, or unpaired images of both domains."""
        return data.training(recipe, examples)

    def evaluate(self, recipe: TranslationRecipe, trial: Trial) -> dict[str, Any]:
        """Measures errors and distances of the model and of baselines that need no training."""
        return measure.measure(recipe, trial.model(), measure.held_out(recipe, trial.examples), trial.directory)

    def export_probe(
        self, recipe: TranslationRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """Returns held-out images; if there are several inputs, of the one that is translated."""
        if len(recipe.inputs) == 1:
            return super().export_probe(recipe, model, examples)
        return images.export_probe(model(), images.inputs(examples)[recipe.prepare.source])

    def asked(self, recipe: TranslationRecipe) -> str:
        """Returns the input that is translated."""
        return recipe.prepare.source

    def identity(self, recipe: TranslationRecipe) -> dict[str, Any]:
        """Returns method, image size and direction."""
        return {**super().identity(recipe), "source": recipe.prepare.source}

    def caption(self, evaluation: dict[str, Any]) -> str:
        """Says what is translated into what, and explains errors and distances."""
        if evaluation.get("generated"):
            return _told_of_pairs(evaluation)
        of, into = _DIRECTIONS[evaluation["source"]]
        text = f"{evaluation['images']:,} held-out {of}, translated into {into}"
        if evaluation.get("paired", True):
            text += (
                ", are compared with the known truth: errors are mean absolute differences of pixels in [-1, 1]. "
                "The better baseline is copying or histogram matching, whichever has the smaller error."
            )
        else:
            text += (
                ", are translated back and compared with the originals: errors are mean absolute differences of pixels "
                "in [-1, 1]."
            )
        return text + _told_of_distances(evaluation, "translations with held-out images of the other domain")

    def galleries(self, recipe: TranslationRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns images with their translations."""
        shown = "pairs of a fixed seed" if evaluation.get("generated") else "held-out images"
        return [
            Gallery(
                "Side by side",
                f"The first {shown}, not selected. From the top: {', '.join(evaluation['rows'])}.",
                [Row("", [Picture(pictures / "translations.png", "images and their translations")])],
            )
        ]

    def usage(self, signatures: dict[str, dict[str, Tensors]]) -> str:
        """Returns code that translates an image file, or that writes a pair."""
        given = signatures["serving_default"]
        if "image_bytes" not in given["inputs"]:
            return f"""import tensorflow as tf

pair = tf.saved_model.load({{path}}).signatures["serving_default"]
answer = pair({arguments(given["inputs"], 1)})
for domain in ("first", "second"):
    png = answer[f"{{domain}}_bytes"][0]
    tf.io.write_file(f"{{domain}}.png", png)"""
        return """import tensorflow as tf

translate = tf.saved_model.load({path}).signatures["serving_default"]
png = translate(image_bytes=tf.io.read_file("image.png")[None])["image_bytes"][0]
tf.io.write_file("translated.png", png)"""


def _told_of_pairs(evaluation: dict[str, Any]) -> str:
    """Says how pairs that are made of noise were measured."""
    text = f"{evaluation['images']:,} pairs are made of noise, and no image is translated."
    if evaluation["paired"]:
        text += (
            " The second of each pair is compared with the truth, the drawing that is made of the first: errors are"
            " mean absolute differences of pixels in [-1, 1]. Shuffled pairs have the same images; the other baselines"
            " see the first of each pair."
        )
    return text + _told_of_distances(evaluation, "the second of each pair with held-out images of its domain")


def _told_of_distances(evaluation: dict[str, Any], compared: str) -> str:
    """Says what FID and KID compare, and what their number of images does to them; nothing if there are none."""
    numbers = evaluation["numbers"]
    if "kid" not in numbers:
        return ""
    text = (
        f" {'FID and KID compare' if 'fid' in numbers else 'KID compares'} {compared}, in features of a small network "
        "with random weights (`metrics.SmallFeatures`). Use such distances only to compare methods on these images."
    )
    if "fid" not in numbers:
        return f"{text} No FID is measured: it needs more images of each kind than features."
    if evaluation["images"] < MANY:
        text += f" FID of {evaluation['images']:,} images is biased upwards: compare it only with that of as many."
    return text


TASK = Translation([CoGAN])
