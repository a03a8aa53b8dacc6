"""Super-resolution: photographs enlarged, compared with bicubic interpolation."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PIL import Image

from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Cell, Gallery, Picture, Row, Table, numeric
from pipelines.report.signatures import Tensors
from pipelines.tasks.base import Nouns, Task
from pipelines.tasks.super_resolution import data, measure
from pipelines.tasks.super_resolution.numbers import GAIN, NUMBERS, PSNR, SSIM
from pipelines.tasks.super_resolution.recipe import SuperResolutionRecipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

CROPS = {"low": "small image (input)", "bicubic": "bicubic", "ours": "this model", "truth": "original"}
SHOWN = 24  # the number of photographs whose crops are shown in the report


class SuperResolution(Task[SuperResolutionRecipe]):
    """Enlarges photographs, compared with bicubic interpolation."""

    numbers = NUMBERS
    nouns: ClassVar[Nouns] = Nouns(
        "photographs",
        "training patches",
        "whole photographs",
        "give more or larger images, or a smaller train.batch_size or prepare.stride",
    )

    def training_data(self, recipe: SuperResolutionRecipe, examples: Path) -> tf.data.Dataset:
        """Returns pairs of patches."""
        return data.training(recipe, examples)

    def judged_by(self, recipe: SuperResolutionRecipe) -> dict[str, Any]:
        """Returns the metric and the thresholds."""
        return {**super().judged_by(recipe), "border": recipe.border}

    def evaluate(self, recipe: SuperResolutionRecipe, trial: Trial) -> dict[str, Any]:
        """Measures PSNR and SSIM of each held-out photograph, on the answer of the model as it is served."""
        from keras_genssl import data as loading

        photographs = loading.load(trial.examples, "eval", shuffle=False, features=["name", "high"])
        answer = measure.quantized(trial.model)
        return measure.measure(photographs.as_numpy_iterator(), answer, recipe, trial.directory)

    def export_probe(
        self, recipe: SuperResolutionRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """Returns a small photograph as PNG, and the model's large one."""
        from keras_genssl import data as loading
        from keras_genssl import pretext

        photographs = loading.load(examples, "eval", shuffle=False, features=["high"])
        low = pretext.downscale(next(photographs.as_numpy_iterator())["high"], recipe.prepare.scale)
        png = io.BytesIO()
        Image.fromarray(low).save(png, "png")
        return [png.getvalue()], [measure.quantized(model)(low)]

    def identity(self, recipe: SuperResolutionRecipe) -> dict[str, Any]:
        """Returns scale and method."""
        return {"scale": recipe.prepare.scale, "method": recipe.model.method}

    def held_out(self, evaluation: dict[str, Any]) -> list[str]:
        """Returns the names of the photographs."""
        return [row["name"] for row in evaluation["images"]]

    def statistics(self, examples: dict[str, Any], prepared: dict[str, Any]) -> dict[str, Any]:
        """Counts photographs and patches, and gives their sizes."""
        sizes = prepared["statistics"]["eval"]
        return {
            "photographs to train on": examples["splits"]["train"]["records"],
            "training patches": prepared["splits"]["train"]["records"],
            "photographs held out": prepared["splits"]["eval"]["records"],
            "smallest held out": f"{sizes['high_width']['min']} × {sizes['high_height']['min']}",
            "largest held out": f"{sizes['high_width']['max']} × {sizes['high_height']['max']}",
        }

    def caption(self, evaluation: dict[str, Any]) -> str:
        """Says on which channel the numbers were measured, and where."""
        metric = evaluation["metric"]
        return (
            f"Means over the {len(evaluation['images'])} held-out photographs. PSNR and SSIM compare "
            f"{'luma (Y)' if metric['channel'] == 'y' else 'RGB'} without {metric['border']} pixels at each edge. "
            "The model's output is measured as it is served, in eight bits."
        )

    def tables(self, evaluation: dict[str, Any]) -> list[Table]:
        """Returns the table of means, and the table of each photograph."""
        photographs = Table(
            id="images",
            title="Photograph by photograph",
            caption="The gain is the PSNR minus that of bicubic.",
            head=["photograph", "gain, dB", "PSNR, dB", "bicubic", "SSIM", "bicubic", "pixels"],
            rows=[_photograph(row) for row in evaluation["images"]],
        )
        return [*super().tables(evaluation), photographs]

    def galleries(self, recipe: SuperResolutionRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns a patch of each photograph."""
        return [
            Gallery(
                "Side by side",
                "The patch of each photograph where the error of bicubic is largest, pixel by pixel.",
                [_crops(index, row, pictures) for index, row in enumerate(evaluation["images"][:SHOWN])],
            )
        ]

    def usage(self, signatures: dict[str, dict[str, Tensors]]) -> str:
        """Returns code that enlarges an image file."""
        return """import tensorflow as tf

upscale = tf.saved_model.load({path}).signatures["serving_default"]
photo = tf.io.read_file("photo.jpg")
png = upscale(image_bytes=photo[None])["image_bytes"][0]
tf.io.write_file("enlarged.png", png)"""

    def note(self, card: dict[str, Any]) -> str:
        """Returns the gains of another recipe on each photograph held out in turn; only for the model that ships."""
        if "leave_one_out" not in card:
            return ""
        of = card["leave_one_out"]
        gain = GAIN.written(of)
        return f"""Two photographs say little. The recipe `{of["recipe"]}`, a smaller network trained for \
{of["steps"]:,} steps, gained
{gain} dB on average over {of["photographs"]} photographs, each held out in turn (the table is in
`RESULTS.md`). This model was not measured so."""


def _photograph(row: dict[str, Any]) -> list[Cell]:
    both = ("ours", "bicubic")
    return [
        Cell(row["name"]),
        numeric(GAIN.written(row), GAIN.is_good(row["gain_db"])),
        *(numeric(PSNR.written({"psnr": row[f"psnr_{who}"]})) for who in both),
        *(numeric(SSIM.written({"ssim": row[f"ssim_{who}"]})) for who in both),
        Cell(f"{row['width']} × {row['height']}"),
    ]


def _crops(index: int, row: dict[str, Any], pictures: Path) -> Row:
    detail = {kind: f"{row[f'psnr_{kind}']:.2f} dB, SSIM {row[f'ssim_{kind}']:.4f}" for kind in ("bicubic", "ours")}
    return Row(
        row["name"],
        [Picture(pictures / f"{index}-{kind}.png", text, detail.get(kind, "")) for kind, text in CROPS.items()],
    )


TASK = SuperResolution()
