"""Generation: new images like those of a data set, from noise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Gallery, Picture, Row
from pipelines.report.signatures import Tensors, arguments
from pipelines.tasks.base import Task
from pipelines.tasks.distances import MANY
from pipelines.tasks.generation import class_distances, data, measure
from pipelines.tasks.generation import features as networks
from pipelines.tasks.generation.adversarial_autoencoders import AnyAdversarialAutoencoder
from pipelines.tasks.generation.anomaly_gans import AnyAnomalyGAN
from pipelines.tasks.generation.gans import AnyGAN
from pipelines.tasks.generation.numbers import NUMBERS, title
from pipelines.tasks.generation.quantized import AnyQuantized
from pipelines.tasks.generation.recipe import GenerationRecipe
from pipelines.tasks.generation.reference import reference

if TYPE_CHECKING:
    import tensorflow as tf

SHEETS = {"samples": "samples", "real": "training images", "pca": "Gaussian in PCA"}
MORE = {
    "Reconstructions": (
        "reconstructions.png",
        "images and reconstructions",
        "The first held-out images, not selected; below each its reconstruction from the code.",
    ),
    "Codes": (
        "codes.png",
        "codes of images, over draws of the prior",
        "The codes of the first held-out images, not selected, in a colour for each class; grey: draws of the prior.",
    ),
    "Mixed styles": (
        "mixed.png",
        "coarse styles of columns, fine styles of rows",
        "The first row and the first column are samples, not selected. Each other image has the coarse styles, those "
        "of the first third of the layers, of its column, and all others of its row.",
    ),
    "Truncation": (
        "truncated.png",
        "samples at truncation 0, 0.3, 0.5, 0.7 and 1",
        "The same latents in each row, styles drawn to their mean: by truncation 0 (the mean itself), 0.3, 0.5, 0.7 "
        "and 1 (as learnt).",
    ),
}


class Generation(Task[GenerationRecipe]):
    """Makes new images like those of a data set, from noise."""

    numbers = NUMBERS

    def training_data(self, recipe: GenerationRecipe, examples: Path) -> tf.data.Dataset:
        """Returns the images, with labels if there are any."""
        return data.training(recipe, examples)

    def judged_by(self, recipe: GenerationRecipe) -> dict[str, Any]:
        """Returns what is measured, in which features, and the thresholds."""
        return {**super().judged_by(recipe), "features": networks.identity(recipe.evaluate.features)}

    def evaluate(self, recipe: GenerationRecipe, trial: Trial) -> dict[str, Any]:
        """Measures distances of samples from real images, and the same for other real images and a Gaussian."""
        against = reference(recipe, trial.examples, trial.content, trial.shared)
        for sheet in against.path.glob("*.png"):
            (trial.directory / sheet.name).write_bytes(sheet.read_bytes())
        return measure.measure(recipe, trial.model(), against, trial.examples, trial.directory)

    def caption(self, evaluation: dict[str, Any]) -> str:
        """Says how many images were measured, in which features, and what the numbers mean for the method."""
        return " ".join(filter(None, [self._compared(evaluation), evaluation.get("remarks")]))

    def _compared(self, evaluation: dict[str, Any]) -> str:
        if evaluation["features"] == "none":
            return "The recipe names no feature network (evaluate.features), so no distances are measured."
        network = "the library's Fashion-MNIST network" if evaluation["features"] == "fashion" else "InceptionV3"
        taught = (
            f" The baseline of the classifier trained on samples is one trained on {evaluation['images']:,} real "
            "images."
            if "train_on_samples_accuracy" in evaluation["baselines"]["real"]
            else ""
        )
        if "learnt_from" in evaluation:
            return (
                f"{evaluation['images']:,} samples are compared with {evaluation['images']:,} held-out images, in "
                f"eight bits, in the features of {network}; the row of the {evaluation['learnt_from']:,} images that "
                "were learnt from shows what a generator reaches that gives them back and nothing else."
                f"{taught}{_about_size(evaluation)}{_about_classes(evaluation)}"
            )
        return (
            f"{evaluation['images']:,} samples are compared with {evaluation['images']:,} training images, in eight "
            f"bits, in the features of {network}; the row of {evaluation['held_out']:,} real held-out images shows "
            f"the best value to expect.{taught}{_about_size(evaluation)}{_about_classes(evaluation)}"
        )

    def galleries(self, recipe: GenerationRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns samples, real images and the baseline's images; also reconstructions and codes, if there are any."""
        files = {pictures / f"{name}.png": text for name, text in SHEETS.items()}
        samples = Gallery(
            "Samples",
            "The first samples of a fixed seed, not selected. If the model knows classes, each column shows one.",
            [Row("", [Picture(file, text) for file, text in files.items() if file.is_file()])],
        )
        more = [
            Gallery(title, note, [Row("", [Picture(pictures / file, text)])])
            for title, (file, text, note) in MORE.items()
            if (pictures / file).is_file()
        ]
        return [samples, *self._alike(evaluation, pictures), *more]

    def _alike(self, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns the pictures of duplicates and of nearest training images, with what the numbers say."""
        facts, values = evaluation["neighbours"], evaluation["numbers"]
        where = "pixels" if evaluation["features"] == "none" else "features"
        galleries = []
        if facts:
            real = facts["of_held_out"]
            also = f" ({real['duplicates']:.1%} of held-out images)" if "duplicates" in real else ""
            note = (
                f"The pairs of the first {facts['compared']:,} samples that are nearest in {where}, the nearest first, "
                f"one image below the other. {values['duplicates']:.1%} of these samples{also} have another one "
                f"within {facts['threshold']:.3g}, a root mean square difference within which 1% of as many training "
                "images have another one."
            )
            galleries.append(_one("Closest pairs", note, pictures / "closest_pairs.png", "pairs of samples"))
            if "memorisation" in values:
                told = (
                    f"{values['memorisation']:.1%} of {facts['compared']:,} samples, and {real['memorisation']:.1%} of "
                    f"held-out images, are nearer to one of {facts['against']:,} training images than to any of "
                    f"{facts['against']:,} other held-out images: half of them if nothing is memorised."
                )
            else:
                told = "The held-out images are too few to measure memorisation by."
            note = (
                f"The first samples, above their nearest of {facts['searched']:,} training images, in {where}. {told}"
            )
            galleries.append(
                _one("Nearest training images", note, pictures / "nearest.png", "samples, training images")
            )
        return [gallery for gallery in galleries if gallery.rows[0].pictures[0].file.is_file()]

    def usage(self, signatures: dict[str, dict[str, Tensors]]) -> str:
        """Returns code that writes a sample."""
        name = next(name for name in ("generate", "draw", "serving_default") if name in signatures)
        return f"""import tensorflow as tf

sample = tf.saved_model.load({{path}}).signatures["{name}"]
pngs = sample({arguments(signatures[name]["inputs"], 16)})["image_bytes"]
tf.io.write_file("sample.png", pngs[0])"""


def _about_size(evaluation: dict[str, Any]) -> str:
    """Says what the number of images does to the Frechet distance; nothing if they are many."""
    name, count, held_out = title(evaluation["features"]), evaluation["images"], evaluation["held_out"]
    if "fid" not in evaluation["numbers"]:
        return (
            f" No {name} is measured: it needs more samples and training images than features, and there are "
            f"{count:,} of each and {evaluation['dim']:,} features. KID is not biased by their number."
        )
    few = (
        f" {name} of {count:,} samples is biased upwards: compare it only with that of as many." if count < MANY else ""
    )
    if "fid" in evaluation["baselines"]["real"]:
        return few
    return f"{few} The {held_out:,} held-out images are too few for it."


def _about_classes(evaluation: dict[str, Any]) -> str:
    """Says of how many samples the distances of classes are; nothing for models without classes."""
    if "classes" not in evaluation:
        return ""
    return " " + class_distances.told(evaluation["classes"], title(evaluation["features"]), evaluation["dim"])


def _one(heading: str, note: str, file: Path, caption: str) -> Gallery:
    return Gallery(heading, note, [Row("", [Picture(file, caption)])])


TASK = Generation(get_args(AnyGAN | AnyAnomalyGAN | AnyAdversarialAutoencoder | AnyQuantized))
