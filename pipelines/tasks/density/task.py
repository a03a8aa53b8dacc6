"""Density: the probability of images, and images drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from keras_genssl.checks import arrays
from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Gallery, Picture, Row
from pipelines.report.signatures import Tensors, arguments
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.density import data, measure
from pipelines.tasks.density.methods import AnyDensity
from pipelines.tasks.density.numbers import NUMBERS
from pipelines.tasks.density.recipe import DensityRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Density(Task[DensityRecipe]):
    """Learns how probable images are, pixel by pixel, and draws images from that."""

    numbers = NUMBERS

    def training_data(self, recipe: DensityRecipe, examples: Path) -> tf.data.Dataset:
        """Returns the images on the method's levels, with labels if there are any."""
        return data.training(recipe, examples)

    def evaluate(self, recipe: DensityRecipe, trial: Trial) -> dict[str, Any]:
        """Measures the code length of held-out images, and those of simple codes."""
        return measure.measure(recipe, trial.model(), trial.examples, trial.directory)

    def export_probe(self, recipe: DensityRecipe, model: Callable[[], keras.Model], examples: Path) -> tuple[Any, Any]:
        """Returns held-out images on the method's levels, and their log-probabilities by the model in memory."""
        from keras_genssl import pretext

        built = model()
        shown = pretext.quantize(images.read(examples, "eval", images.ASKED)["image"], recipe.model.levels)
        classes = getattr(built, "num_classes", None)
        labels = {"label": np.arange(len(shown)) % classes} if classes else {}
        serving = next(iter(built.serving().values()))
        answer = serving.function(arrays.signed(shown), *labels.values())
        return {"image_bytes": [images.png(image) for image in shown], **labels}, list(np.asarray(answer))

    def identity(self, recipe: DensityRecipe) -> dict[str, Any]:
        """Returns method, image size and levels."""
        return {**super().identity(recipe), "levels": recipe.model.levels}

    def caption(self, evaluation: dict[str, Any]) -> str:
        """Says how many images were measured, what the simple codes are, and what the method remarks."""
        compared = (
            f"The mean over {evaluation['images']:,} held-out images of {evaluation['levels']} grey levels: the length "
            "of the best code for an image. Histograms and tables are counted on the training images. Files hold "
            f"{evaluation['sheet']} held-out images on one sheet."
        )
        bits = "Bits/dim are bits for each pixel and channel." if "bits_per_dim" in evaluation["numbers"] else ""
        return " ".join(filter(None, [compared, bits, evaluation.get("remarks")]))

    def galleries(self, recipe: DensityRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns samples beside real images, and images whose lower halves, or all but their codes, were drawn."""
        sheets = [
            Picture(pictures / "samples.png", "samples"),
            Picture(pictures / "real.png", "held-out images on the same levels"),
        ]
        note = "The first samples of a fixed seed, not selected. If the model knows classes, each column shows one."
        title, rows = (
            ("Drawn from codes", "the image, and two images drawn from its code")
            if "kl" in evaluation["numbers"]
            else ("Completed", "the image, what the model is given, and two lower halves that it draws")
        )
        redrawn = Picture(pictures / "redrawn.png", rows)
        return [
            Gallery("Samples", note, [Row("", sheets)]),
            Gallery(title, f"The first held-out images, not selected. From the top: {rows}.", [Row("", [redrawn])]),
        ]

    def usage(self, signatures: dict[str, dict[str, Tensors]]) -> str:
        """Returns code that judges or encodes an image, and draws others."""
        first, generate, draw = (signatures[name] for name in ("serving_default", "generate", "draw"))
        (told,) = first["outputs"].keys() - {"error"}
        return f"""import tensorflow as tf

model = tf.saved_model.load({{path}}).signatures
image = tf.io.read_file("image.png")  # on the grey levels of the model
{told} = model["serving_default"]({arguments(first["inputs"], 1)})["{told}"]
pngs = model["generate"]({arguments(generate["inputs"], 16)})["image_bytes"]
drawn = model["draw"]({arguments(draw["inputs"], 16)})["image_bytes"]"""


TASK = Density(get_args(AnyDensity))
