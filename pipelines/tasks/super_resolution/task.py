"""Super-resolution: photographs enlarged, against bicubic."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PIL import Image

from pipelines.report.judgement import Judgement
from pipelines.tasks.base import Task
from pipelines.tasks.super_resolution import data, measure, show
from pipelines.tasks.super_resolution.recipe import SuperResolutionRecipe
from pipelines.tasks.words import Words

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class SuperResolution(Task[SuperResolutionRecipe]):
    """Photographs enlarged, against bicubic."""

    words: ClassVar[Words] = Words(
        "photographs",
        "training patches",
        "whole photographs",
        "give more or larger images, or a smaller train.batch_size or prepare.stride",
    )

    def training_data(self, recipe: SuperResolutionRecipe, examples: Path) -> tf.data.Dataset:
        """Pairs of patches."""
        return data.training(recipe, examples)

    def judged_by(self, recipe: SuperResolutionRecipe) -> dict[str, Any]:
        """Metric and thresholds."""
        return {"evaluate": recipe.evaluate.model_dump(mode="json"), "border": recipe.border}

    def evaluate(
        self,
        recipe: SuperResolutionRecipe,
        model: Callable[[], keras.Model],
        examples: Path,
        content: str,
        directory: Path,
        shared: Path,
    ) -> dict[str, Any]:
        """PSNR and SSIM of every photograph held out, the model's answer as it is served."""
        from keras_genssl import data as loading

        photographs = loading.load(examples, "eval", shuffle=False, features=["name", "high"])
        return measure.measure(photographs.as_numpy_iterator(), measure.quantized(model), recipe, directory)

    def summary(self, evaluation: dict[str, Any]) -> str:
        """The mean gain."""
        return f"{evaluation['mean']['gain_db']:+.2f} dB over bicubic on {len(evaluation['images'])} held out"

    def numbers(self, evaluation: dict[str, Any]) -> dict[str, float | None]:
        """The means over the photographs."""
        return evaluation["mean"]

    def export_probe(
        self, recipe: SuperResolutionRecipe, model: Callable[[], keras.Model], examples: Path
    ) -> tuple[Any, Any]:
        """A small photograph as PNG, and the large one."""
        from keras_genssl import data as loading
        from keras_genssl import pretext

        photographs = loading.load(examples, "eval", shuffle=False, features=["high"])
        low = pretext.downscale(next(photographs.as_numpy_iterator())["high"], recipe.prepare.scale)
        png = io.BytesIO()
        Image.fromarray(low).save(png, "png")
        return [png.getvalue()], [measure.quantized(model)(low)]

    def identity(self, recipe: SuperResolutionRecipe) -> dict[str, Any]:
        """Scale and method."""
        return {"scale": recipe.prepare.scale, "method": recipe.model.method}

    def held_out(self, evaluation: dict[str, Any]) -> list[str]:
        """The photographs."""
        return [row["name"] for row in evaluation["images"]]

    def statistics(self, examples: dict[str, Any], prepared: dict[str, Any]) -> dict[str, Any]:
        """Photographs, patches and sizes."""
        sizes = prepared["statistics"]["eval"]
        return {
            "photographs to train on": examples["splits"]["train"]["records"],
            "training patches": prepared["splits"]["train"]["records"],
            "photographs held out": prepared["splits"]["eval"]["records"],
            "smallest held out": f"{sizes['high_width']['min']} × {sizes['high_height']['min']}",
            "largest held out": f"{sizes['high_width']['max']} × {sizes['high_height']['max']}",
        }

    def judgement(self, recipe: SuperResolutionRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """The gain, the table of photographs, and their crops."""
        return show.judgement(recipe, evaluation, pictures)

    def card(self, recipe: SuperResolutionRecipe, evaluation: dict[str, Any]) -> dict[str, Any]:
        """All numbers."""
        kept = ("metric", "images", "mean", "thresholds", "notes")
        return {key: evaluation[key] for key in kept if key in evaluation}

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """The table of photographs."""
        return show.card_text(card, path)


TASK = SuperResolution()
