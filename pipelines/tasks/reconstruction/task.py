"""Reconstruction: images through a narrow code and back, against PCA."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.report.judgement import Gallery, Picture, Row
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.reconstruction import data, measure
from pipelines.tasks.reconstruction.numbers import NUMBERS
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Reconstruction(Task[ReconstructionRecipe]):
    """Images through a narrow code and back, against PCA."""

    numbers = NUMBERS

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

    def identity(self, recipe: ReconstructionRecipe) -> dict[str, Any]:
        """Method, size and code."""
        return {**super().identity(recipe), "code_dim": recipe.model.code_dim}

    def caption(self, evaluation: dict[str, Any]) -> str:
        """How many images, and how they are scaled."""
        return (
            f"{evaluation['images']:,} images held out, values in [-1, 1]; PCA of {evaluation['code_dim']} components "
            "is fitted to the training images. PSNR is that of the mean error."
        )

    def galleries(self, recipe: ReconstructionRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Images with their reconstructions."""
        return [
            Gallery(
                "Side by side",
                f"The first images held out, none picked; from the top: {', '.join(evaluation['rows'])}.",
                [Row("", [Picture(pictures / "reconstructions.png", "images and their reconstructions")])],
            )
        ]

    def usage(self, parameters: dict[str, Any]) -> str:
        """An image to its code and back."""
        return """import tensorflow as tf

model = tf.saved_model.load({path})
image = tf.io.read_file("image.png")
code = model.signatures["serving_default"](image_bytes=image[None])["latent"]
png = model.signatures["decode"](latent=code)["image_bytes"][0]"""

    def signatures(self, card: dict[str, Any]) -> dict[str, str]:
        """Into the code, out of it, and both."""
        return {
            "serving_default": "encoded image in, code out",
            "decode": "code in, PNG out",
            "reconstruct": "encoded image in, PNG out",
        }


TASK = Reconstruction()
