"""Reconstruction: images through a narrow code and back, compared with PCA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Gallery, Picture, Row
from pipelines.report.signatures import Tensors
from pipelines.tasks import images
from pipelines.tasks.base import Task
from pipelines.tasks.reconstruction import data, measure
from pipelines.tasks.reconstruction.adversarial_term import AdversarialTerm
from pipelines.tasks.reconstruction.autoencoders import AnyAutoencoder
from pipelines.tasks.reconstruction.numbers import NUMBERS
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe

if TYPE_CHECKING:
    import tensorflow as tf


class Reconstruction(Task[ReconstructionRecipe]):
    """Encodes images into a narrow code and decodes them again, compared with PCA."""

    numbers = NUMBERS

    def training_data(self, recipe: ReconstructionRecipe, examples: Path) -> tf.data.Dataset:
        """Returns the images."""
        return data.training(recipe, examples)

    def evaluate(self, recipe: ReconstructionRecipe, trial: Trial) -> dict[str, Any]:
        """Measures the errors of the model and of PCA on held-out images."""
        train = images.read(trial.examples, "train", images.fitted(recipe.prepare.shape))["image"]
        test = images.read(trial.examples, "eval", recipe.evaluate.images)["image"]
        return measure.measure(recipe, trial.model(), train, test, trial.examples, trial.directory)

    def identity(self, recipe: ReconstructionRecipe) -> dict[str, Any]:
        """Returns method, image size and code size."""
        return {**super().identity(recipe), "code_dim": recipe.model.code_dim}

    def caption(self, evaluation: dict[str, Any]) -> str:
        """Says how many images were measured, and how they are scaled."""
        return (
            f"{evaluation['images']:,} held-out images, with pixels in [-1, 1]; PCA of {evaluation['code_dim']} "
            "components is fitted to the training images. PSNR is that of the mean squared error."
        )

    def galleries(self, recipe: ReconstructionRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns images with their reconstructions."""
        return [
            Gallery(
                "Side by side",
                f"The first held-out images, not selected. From the top: {', '.join(evaluation['rows'])}.",
                [Row("", [Picture(pictures / "reconstructions.png", "images and their reconstructions")])],
            )
        ]

    def usage(self, signatures: dict[str, dict[str, Tensors]]) -> str:
        """Returns code that encodes an image and decodes it again."""
        return """import tensorflow as tf

model = tf.saved_model.load({path})
image = tf.io.read_file("image.png")
code = model.signatures["serving_default"](image_bytes=image[None])["latent"]
png = model.signatures["decode"](latent=code)["image_bytes"][0]"""


TASK = Reconstruction(get_args(AnyAutoencoder | AdversarialTerm))
