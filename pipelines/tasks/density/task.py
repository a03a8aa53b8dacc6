"""Density: the probability of images, and images drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from keras_genssl.checks import arrays
from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Gallery, Picture, Row
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
        files = f"Files hold {evaluation['sheet']} held-out images on one sheet." if evaluation["levels"] > 2 else ""
        compared = (
            f"The mean over {evaluation['images']:,} held-out images of {evaluation['levels']} grey levels; bits/dim "
            "are bits for each pixel and channel, the length of the best code. Histograms and tables are counted on "
            "the training images."
        )
        return " ".join(filter(None, [compared, files, evaluation.get("remarks")]))

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

    def usage(self, parameters: dict[str, Any]) -> str:
        """Returns code that judges or encodes an image, and draws others."""
        size, channels = (parameters["prepare"][name] for name in ("size", "channels"))
        model, count = parameters["model"], size * size * channels
        label, labels = (
            (", label=[3]", ", label=tf.range(16, dtype=tf.int64) % 10") if model.get("num_classes") else ("", "")
        )
        asked = (
            f"""code = model.signatures["serving_default"](image_bytes=image[None])["latent"]
latents, noise = tf.random.normal((16, {model["code_dim"]})), tf.random.normal((16, {count}))
pngs = model.signatures["generate"](latent=latents, noise=noise)["image_bytes"]"""
            if "code_dim" in model
            else f"""nats = -model.signatures["serving_default"](image_bytes=image[None]{label})["log_prob"]
latents = tf.random.normal((16, {count}))
pngs = model.signatures["generate"](latent=latents{labels})["image_bytes"]"""
        )
        return f"""import tensorflow as tf

model = tf.saved_model.load({{path}})
image = tf.io.read_file("image.png")
{asked}
drawn = model.signatures["draw"](num=tf.constant(16), seed=tf.constant(0, tf.int64))["image_bytes"]"""

    def signatures(self, card: dict[str, Any]) -> dict[str, str]:
        """Describes log-probabilities or codes of images, images from latents, and images from nothing."""
        model = card["parameters"]["model"]
        if "code_dim" in model:
            return {
                "serving_default": "encoded image in, code out",
                "generate": "codes and noise in, PNG out",
                "draw": "number and seed in, PNG out",
            }
        label = " and label" if model.get("num_classes") else ""
        return {
            "serving_default": f"encoded image{label} in, log-probability in nats out",
            "generate": f"latents{label and ' and labels'} in, PNG out",
            "draw": f"number and seed in, PNG{label and ' and label'} out",
        }


TASK = Density(get_args(AnyDensity))
