"""Measures density models: nats of held-out images, beside simple codes and files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.tasks import images
from pipelines.tasks.density.recipe import DensityRecipe

if TYPE_CHECKING:
    import keras

SEED = 0  # the seed of the samples
GRID = 10  # the number of images on each side of a sheet


def measure(recipe: DensityRecipe, model: keras.Model, examples: Path, directory: Path) -> dict[str, Any]:
    """Measures the code length of held-out images.

    Args:
        recipe: the completed recipe.
        model: the trained model; it has `sample`, and `complete` or `reconstruct`.
        examples: the directory of prepared examples.
        directory: the directory for the sheets ``samples.png``, ``real.png`` and ``redrawn.png``.

    Returns:
        ``numbers``, ``baselines``, ``images``, ``levels``, ``bound``, whether nats are an upper bound, ``sheet``, the
        number of images in a file, and ``remarks`` if the method has any. With more than two levels there are bits per
        dimension beside the nats.
    """
    from keras_genssl import pretext

    levels = recipe.model.levels
    train = images.read(examples, "train", images.fitted(recipe.prepare.shape))["image"]
    held_out = images.read(examples, "eval", recipe.evaluate.images)
    test = pretext.quantize(held_out["image"], levels)
    classes = getattr(model, "num_classes", None)
    labels = held_out["label"] if classes else None
    numbers = _both(float(np.mean(recipe.model.nats(model, test, labels))), test, levels)
    own = recipe.model.told(model, test)
    baselines = _simple_codes(train, test, levels)
    remarks = recipe.model.remarks({**numbers, **own}, baselines)
    columns = classes or GRID
    samples = arrays.nearest_levels(model.sample(GRID * columns, seed=SEED))
    images.save_grid(directory / "samples.png", samples, columns)
    images.save_grid(directory / "real.png", test[: GRID * columns], columns)
    _redrawn(model, test, labels, recipe.evaluate.shown, directory)
    return {
        "numbers": {**numbers, **own},
        "baselines": baselines,
        "images": len(test),
        "levels": levels,
        "bound": recipe.model.bound,
        **({"remarks": remarks} if remarks else {}),
        "sheet": f"{math.isqrt(min(len(test), 2500)) ** 2:,}",
    }


def _both(nats: float, test: np.ndarray, levels: int) -> dict[str, float]:
    """Returns nats an image, and bits for each pixel and channel if there are more than two levels."""
    bits = {} if levels == 2 else {"bits_per_dim": nats / (math.prod(test.shape[1:]) * math.log(2))}
    return {**bits, "nats": nats}


def _simple_codes(train: np.ndarray, test: np.ndarray, levels: int) -> dict[str, dict[str, float]]:
    """Returns the code lengths of what counts pixels, and of compressed files."""
    from keras_genssl import analysis, pretext

    counted, judged = (pretext.level_numbers(part, levels) for part in (train, test))
    codes = {
        "histogram": analysis.histogram_nats,
        "pixel_histograms": analysis.pixel_histogram_nats,
        "left_and_above": analysis.left_and_above_nats,
    }
    nats = {name: float(np.mean(code(counted, judged, levels))) for name, code in codes.items()}
    if levels == 2:
        nats["ten_neighbours"] = float(np.mean(analysis.ten_neighbour_nats(counted, judged)))
    nats |= {kind: analysis.file_nats(test, kind) for kind in ("png", "webp")}
    return {name: _both(value, test, levels) for name, value in nats.items()}


def _redrawn(model: keras.Model, test: np.ndarray, labels: np.ndarray | None, count: int, directory: Path) -> None:
    """Draws a sheet: images, then their upper halves and these completed twice; or two draws from the code of each."""
    shown = test[:count]
    if hasattr(model, "reconstruct"):
        rows = [shown]
        drawn = [model.reconstruct(shown, seed=SEED + number) for number in range(2)]
    else:
        kept = test.shape[1] // 2
        given = shown.copy()
        given[:, kept:] = 128
        rows = [shown, given]
        given_labels = None if labels is None else labels[:count]
        drawn = [model.complete(shown, kept, seed=SEED + number, labels=given_labels) for number in range(2)]
    sheet = np.concatenate([*rows, *(arrays.nearest_levels(each) for each in drawn)])
    images.save_grid(directory / "redrawn.png", sheet, len(shown))
