"""Measures translators: the error to a known truth, or the distance from the other domain, of simple baselines too."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.tasks import images
from pipelines.tasks.distances import frechet
from pipelines.tasks.translation.coupled_gans import SHUFFLED, drawn
from pipelines.tasks.translation.numbers import NUMBERS
from pipelines.tasks.translation.recipe import TranslationRecipe

if TYPE_CHECKING:
    import keras

SHOWN = 10  # the number of images in the sheet
DOMAIN = 10_000  # the number of training images from which histogram matching takes its levels
_BATCH = 64
_MATCHING = "histogram_matching"


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """The images for measuring translations: uint8 arrays ``(count, height, width, channels)``.

    Attributes:
        sources: held-out images to translate.
        targets: held-out images of the target domain.
        domain: training images of the target domain.
        paired: whether each target is the truth for the source at its position.
    """

    sources: np.ndarray
    targets: np.ndarray
    domain: np.ndarray
    paired: bool


def held_out(recipe: TranslationRecipe, examples: Path) -> HeldOut:
    """Reads the held-out images of a recipe from its prepared examples."""
    source, target, most = recipe.prepare.source, recipe.prepare.target, recipe.evaluate.images
    if len(recipe.inputs) == 1:
        test = images.read(examples, "eval", most, [source, target])
        domain = images.read(examples, "train", DOMAIN, [source, target])[target]
        return HeldOut(test[source], test[target], domain, True)
    inputs = images.inputs(examples)
    first, second = (images.read(inputs[name], "eval", most, ["image"])["image"] for name in (source, target))
    return HeldOut(first, second, images.read(inputs[target], "train", DOMAIN, ["image"])["image"], False)


def measure(recipe: TranslationRecipe, model: keras.Model, test: HeldOut, directory: Path) -> dict[str, Any]:
    """Measures translations.

    Args:
        recipe: the completed recipe.
        model: the trained model; it has `translate`, and `translate_back` if it translates both ways. A model that
            makes pairs of noise (`sample`) is measured by these: the image of the first domain is the source.
        test: the held-out images.
        directory: the directory for the sheet ``translations.png``, with rows of sources, translations, images
            translated back, targets (the truth of pairs), and histogram matching.

    Returns:
        ``numbers``, ``baselines`` (their numbers), ``images``, ``source``, ``paired`` and ``rows`` of the sheet.
        Errors are mean absolute differences of images in [-1, 1].
    """
    from keras_genssl import metrics

    if not hasattr(model, "translate"):
        return _pairs(recipe, model, test, directory)
    back = getattr(model, "translate_back", None)
    numbers: dict[str, float] = {}
    baselines: dict[str, dict[str, float]] = {baseline.name: {} for baseline in NUMBERS.baselines}
    if test.paired:
        scores = metrics.translation_scores(model.translate, test.sources, test.targets, test.domain, back)
        numbers |= {name: scores[name] for name in NUMBERS.names if name in scores}
        baselines = {name: {"error": scores[name]} for name in baselines}
    if recipe.evaluate.features != "none" or not test.paired:
        sources = arrays.signed(test.sources)
        translated = _answers(model.translate, sources)
        if back is not None and not test.paired:
            numbers["cycle_error"] = float(np.mean(np.abs(_answers(back, translated) - sources), dtype=np.float64))
        matched = np.rint(metrics.histogram_matching(test.sources, test.domain)).astype(np.uint8)
        distances = _Distances(recipe.evaluate.features, test.targets)
        numbers |= distances.of(arrays.nearest_levels(translated))
        baselines["copy"] |= distances.of(test.sources)
        baselines[_MATCHING] |= distances.of(matched)
    rows = _sheet(model, back, test, directory / "translations.png")
    return {
        "numbers": numbers,
        "baselines": {name: values for name, values in baselines.items() if values},
        "images": len(test.sources),
        "source": recipe.prepare.source,
        "paired": test.paired,
        "rows": rows,
    }


def _pairs(recipe: TranslationRecipe, model: keras.Model, test: HeldOut, directory: Path) -> dict[str, Any]:
    """Measures as many pairs as there are held-out images; the baselines get the sources, or the pairs shuffled."""
    from keras_genssl import metrics

    sources, answers = (arrays.nearest_levels(part) for part in model.sample(len(test.sources), seed=0))
    rows = {"first of each pair": sources, "second": answers}
    numbers: dict[str, float] = {}
    baselines: dict[str, dict[str, float]] = {}
    if test.paired:
        rows["truth"] = truth = drawn(recipe.prepare, sources)
        scores = metrics.translation_scores(
            lambda _: arrays.signed(answers), sources, truth, test.domain, batch_size=len(sources)
        )
        numbers |= {name: scores[name] for name in NUMBERS.names if name in scores}
        baselines = {baseline.name: {"error": scores[baseline.name]} for baseline in NUMBERS.baselines}
        anew = np.random.default_rng(0).permutation(len(truth))
        apart = np.abs(arrays.signed(answers[anew]) - arrays.signed(truth))
        baselines[SHUFFLED.name] = {"error": float(np.mean(apart, dtype=np.float64))}
    distances = _Distances(recipe.evaluate.features, test.targets)
    numbers |= distances.of(answers)
    shown = min(SHOWN, len(sources))
    images.save_grid(directory / "translations.png", np.concatenate([row[:shown] for row in rows.values()]), shown)
    return {
        "numbers": numbers,
        "baselines": baselines,
        "images": len(sources),
        "source": recipe.prepare.source,
        "paired": test.paired,
        "generated": True,
        "rows": list(rows),
    }


class _Distances:
    """FID and KID of images from the other domain; no FID of too few images, and nothing without features."""

    def __init__(self, name: str, targets: np.ndarray):
        from keras_genssl import metrics

        self._features = None if name == "none" or len(targets) < 2 else metrics.SmallFeatures()
        self._real = None if self._features is None else self._features(targets)

    def of(self, made: np.ndarray) -> dict[str, float]:
        from keras_genssl import metrics

        if self._features is None or len(made) < 2:
            return {}
        assert self._real is not None
        values = self._features(made)
        subset = min(1000, len(values), len(self._real))
        kid = metrics.kernel_distance(self._real, values, subset_size=subset)[0]
        return {**frechet(self._real, values), "kid": kid}


def _sheet(model: keras.Model, back: Callable[[Any], Any] | None, test: HeldOut, path: Path) -> list[str]:
    """Writes the sheet, and returns the names of its rows."""
    from keras_genssl import metrics

    shown = min(SHOWN, len(test.sources), len(test.targets))
    sources = test.sources[:shown]
    translated = _answers(model.translate, arrays.signed(sources))
    rows = {"sources": sources, "this model": arrays.nearest_levels(translated)}
    if back is not None and not test.paired:
        rows["back again"] = arrays.nearest_levels(_answers(back, translated))
    rows["truth" if test.paired else "images of the other domain"] = test.targets[:shown]
    rows["histogram matching"] = np.rint(metrics.histogram_matching(sources, test.domain)).astype(np.uint8)
    images.save_grid(path, np.concatenate(list(rows.values())), shown)
    return list(rows)


def _answers(function: Callable[[Any], Any], array: np.ndarray) -> np.ndarray:
    """Applies a function of images in [-1, 1] batch by batch."""
    return np.concatenate([np.asarray(function(array[at : at + _BATCH])) for at in range(0, len(array), _BATCH)])
