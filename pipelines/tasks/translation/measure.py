"""Translators measured: the error to the known truth, beside what needs no training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.tasks import images
from pipelines.tasks.translation.numbers import NUMBERS
from pipelines.tasks.translation.recipe import TranslationRecipe

if TYPE_CHECKING:
    import keras

SHOWN = 10  # images in the sheet


def measure(
    recipe: TranslationRecipe,
    model: keras.Model,
    test: dict[str, np.ndarray],
    domain: np.ndarray,
    directory: Path,
) -> dict[str, Any]:
    """Measures translations.

    Args:
        recipe: settled.
        model: trained; has `translate`, and `translate_back` where it knows the way.
        test: ``image`` and ``drawing``, uint8, held out.
        domain: uint8 training images of the domain that is translated into.
        directory: for the sheet ``translations.png``: rows of sources, translations, truth and histogram matching.

    Returns:
        ``numbers``, ``baselines`` (their errors), ``images``, ``source`` and ``rows`` of the sheet. Errors are mean
        absolute differences of images in [-1, 1].
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
    return {
        "numbers": {name: scores[name] for name in NUMBERS.names if name in scores},
        "baselines": {baseline.name: {"error": scores[baseline.name]} for baseline in NUMBERS.baselines},
        "images": len(sources),
        "source": recipe.prepare.source,
        "rows": list(rows),
    }
