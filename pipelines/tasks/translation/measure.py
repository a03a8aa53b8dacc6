"""Translators measured: the error to the known truth, beside what needs no training, and the blessing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.tasks import images
from pipelines.tasks.translation.recipe import TranslationRecipe

if TYPE_CHECKING:
    import keras

SHOWN = 10  # images in the sheet
NUMBERS = ("error", "ratio", "psnr", "ssim", "cycle_error")
BASELINES = ("copy", "histogram_matching", "pooled_histogram_matching", "median_image")


def measure(
    recipe: TranslationRecipe,
    model: keras.Model,
    test: dict[str, np.ndarray],
    domain: np.ndarray,
    directory: Path,
) -> dict[str, Any]:
    """Measures translations and decides on the blessing.

    Args:
        recipe: settled.
        model: trained; has `translate`, and `translate_back` where it knows the way.
        test: ``image`` and ``drawing``, uint8, held out.
        domain: uint8 training images of the domain that is translated into.
        directory: for the sheet ``translations.png``: rows of sources, translations, truth and histogram matching.

    Returns:
        ``numbers`` and ``baselines`` (name -> value), ``images``, ``source``, ``rows`` of the sheet, ``thresholds``,
        ``blessed`` and ``reasons``. Errors are mean absolute differences of images in [-1, 1].
    """
    from keras_genssl import metrics

    sources, truth = test[recipe.prepare.source], test[recipe.prepare.target]
    scores = metrics.translation_scores(model.translate, sources, truth, domain, getattr(model, "translate_back", None))
    shown = sources[:SHOWN]
    rows = {
        "sources": shown,
        "this model": images.eight_bit(model.translate(shown.astype(np.float32) / 127.5 - 1.0)),
        "truth": truth[:SHOWN],
        "histogram matching": np.rint(metrics.histogram_matching(shown, domain)).astype(np.uint8),
    }
    images.save_grid(directory / "translations.png", np.concatenate(list(rows.values())), len(shown))
    numbers = {name: scores[name] for name in NUMBERS if name in scores}
    reasons = recipe.evaluate.against(numbers)
    return {
        "numbers": numbers,
        "baselines": {name: scores[name] for name in BASELINES},
        "images": len(sources),
        "source": recipe.prepare.source,
        "rows": list(rows),
        "thresholds": recipe.evaluate.model_dump(mode="json", include={"bless"}),
        "blessed": not reasons,
        "reasons": reasons,
    }
