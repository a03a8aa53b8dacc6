"""Representation: images to vectors, compared with raw pixels, PCA and a random encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.data.preparations.images import Squares
from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Gallery, Picture, Row
from pipelines.report.signatures import Tensors
from pipelines.tasks.base import Task
from pipelines.tasks.representation import data, measure
from pipelines.tasks.representation.numbers import NUMBERS
from pipelines.tasks.representation.recipe import RepresentationRecipe

if TYPE_CHECKING:
    import tensorflow as tf

SHEETS = {
    "retrieval": "this model",
    "pixels": "raw pixels",
}


class Representation(Task[RepresentationRecipe]):
    """Maps images to vectors. Frozen, they are compared with raw pixels, PCA and a random encoder."""

    numbers = NUMBERS

    def judged_on(self, recipe: RepresentationRecipe) -> Squares:
        """Returns whole images, so that all methods and baselines are measured on the same; for a table, its pairs."""
        return recipe.judged_on

    def training_data(self, recipe: RepresentationRecipe, examples: Path) -> tf.data.Dataset:
        """Returns the images, with labels or example numbers if the method reads them."""
        return data.training(recipe, examples)

    def evaluate(self, recipe: RepresentationRecipe, trial: Trial) -> dict[str, Any]:
        """Measures how well simple methods do on the vectors of held-out images."""
        return measure.measure(recipe, trial)

    def asked(self, recipe: RepresentationRecipe) -> str:
        """Returns the image; for a table of pairs, the first image."""
        return recipe.looked_at

    def identity(self, recipe: RepresentationRecipe) -> dict[str, Any]:
        """Returns method, image size and encoder."""
        return {**super().identity(recipe), "encoder": recipe.model.encoder.model_dump(mode="json")}

    def statistics(self, examples: dict[str, Any], prepared: dict[str, Any]) -> dict[str, Any]:
        """Counts the drawn pairs, triplets or tuples of frames if there are any; for a table, its pairs."""
        name, found = prepared["name"], super().statistics(examples, prepared)
        if name not in ("pairs", "triplets", "frame_tuples"):
            return found
        drawn = {f"{name.removeprefix('frame_')} to train on": prepared["splits"]["train"]["records"]}
        if "image" in examples["features"]:
            return {**found, **drawn}
        return {**drawn, f"{name} held out": prepared["splits"]["eval"]["records"]}

    def caption(self, evaluation: dict[str, Any]) -> str:
        """Says which images were measured, and what each classifier was trained on."""
        if "pair_roc_auc" in evaluation["numbers"]:
            return (
                f"Cosine similarities of frozen vectors of {evaluation['images']:,} held-out pairs. The AUC says how "
                "often a pair of one class is more similar than a pair of two classes: 0.5 by chance."
            )
        held_out = f"Frozen vectors of {evaluation['images']:,} held-out images"
        if not evaluation["numbers"]:
            return f"{held_out}. The images have no labels, so nothing can be measured."
        if evaluation["classes"] is not None:
            trained = ", ".join(map(str, evaluation["classes"]))
            return (
                f"{held_out}. Training saw the classes {trained}; the others are unseen. One-shot: the class is "
                "predicted from one image of each class; mean over 20 draws."
            )
        return (
            f"{held_out}. Classifiers learn from the vectors of up to {evaluation['known']:,} training images: kNN "
            f"from {evaluation['neighbours']} neighbours by cosine, logistic regression from all labels and from "
            f"{evaluation['labels_per_class']} labels of each class (five draws). Recall@1 and k-means use the "
            "held-out images alone."
        )

    def others(self, evaluation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Returns the numbers of the features below an embedding."""
        found = evaluation["penultimate"]
        return [("the features below its embedding", found)] if found else []

    def galleries(self, recipe: RepresentationRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns nearest neighbours, views, the model's own answers, and the vectors in the plane."""

        def row(files: dict[str, str]) -> Row:
            found = {pictures / f"{name}.png": text for name, text in files.items()}
            return Row("", [Picture(file, text) for file, text in found.items() if file.is_file()])

        views = "; ".join(
            ", ".join(f"{key} {value}" for key, value in views.model_dump().items() if value not in (0.0, False))
            for views in recipe.model.shown()
        )
        galleries = [
            Gallery(
                "Similar images",
                f"Each row shows an image and the nearest of {evaluation['drawn']:,} held-out images, by cosine. "
                "The images are the first of each class, not selected.",
                [row(SHEETS)],
            ),
            Gallery(
                "Views",
                f"Images, and below each the views that training draws: {views}.",
                [row({"views": "views"})],
            ),
            Gallery(
                "Answers of the model",
                f"Held-out images, not selected. From the top: {', '.join(recipe.model.rows)}.",
                [row({"answers": "answers"})],
            ),
            Gallery(
                "The vectors in the plane",
                "The first 1,000 vectors by t-SNE, which keeps neighbours together; distances of groups mean nothing.",
                [row({"scatter": "vectors of held-out images"})],
            ),
        ]
        return [gallery for gallery in galleries if gallery.rows[0].pictures]

    def usage(self, signatures: dict[str, dict[str, Tensors]]) -> str:
        """Returns code that maps an image file to its vector."""
        return """import tensorflow as tf

model = tf.saved_model.load({path})
image = tf.io.read_file("image.png")
vector = model.signatures["serving_default"](image_bytes=image[None])["vector"][0]"""


TASK = Representation()
