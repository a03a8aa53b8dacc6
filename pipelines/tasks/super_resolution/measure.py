"""Measures super-resolution: the model against bicubic on held-out photographs."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keras_genssl.checks import arrays
from pipelines.errors import UserError
from pipelines.tasks.super_resolution.recipe import SuperResolutionRecipe as Recipe

PSNR_CEILING = 100.0  # dB; without it an image of one colour, where all are exact, would make means infinite
CROP = 128  # the pixels on each side of a crop of the large image in the report


def measure(
    photographs: Iterable[dict[str, Any]],
    upscale: Callable[[np.ndarray], np.ndarray],
    recipe: Recipe,
    crops: Path,
) -> dict[str, Any]:
    """Measures photographs.

    Args:
        photographs: dicts of ``name`` (bytes or str) and ``high`` (uint8, sides multiples of the scale).
        upscale: uint8 (height, width, 3) -> uint8 (height * scale, width * scale, 3).
        recipe: gives channel, border and scale.
        crops: the directory for the crops, ``<index>-{low,bicubic,ours,truth}.png``.

    Returns:
        ``numbers`` and ``baselines`` (means over the photographs, and the smallest gain), ``examples`` (the photograph
        with the smallest gain), ``images`` (a dict of numbers for each photograph) and ``metric``.
    """
    from keras_genssl import metrics, pretext

    options: dict[str, Any] = {"channel": recipe.evaluate.channel, "border": recipe.border}
    rows = []
    for index, photograph in enumerate(photographs):
        high = np.asarray(photograph["high"])
        low = pretext.downscale(high, recipe.prepare.scale)
        made = {"ours": upscale(low), "bicubic": pretext.upscale(low, recipe.prepare.scale)}
        row = {"name": _text(photograph["name"]), "height": high.shape[0], "width": high.shape[1]}
        for name, image in made.items():
            pair = high[None].astype("float32"), image[None].astype("float32")
            psnr = float(metrics.psnr(*pair, max_value=255.0, **options)[0])
            row[f"psnr_{name}"] = min(psnr, PSNR_CEILING)
            row[f"ssim_{name}"] = float(metrics.ssim(*pair, max_value=255.0, **options)[0])
        row["gain_db"] = row["psnr_ours"] - row["psnr_bicubic"]
        rows.append(row)
        _save_crops(crops, index, low, high, made, recipe.prepare.scale)
    if not rows:
        raise UserError("No photograph was held out: set data.held_out or raise data.eval_fraction")
    least = min(rows, key=lambda row: row["gain_db"])
    return {
        "numbers": {
            "gain_db": _mean(rows, "gain_db"),
            "least_gain_db": least["gain_db"],
            "psnr": _mean(rows, "psnr_ours"),
            "ssim": _mean(rows, "ssim_ours"),
        },
        "baselines": {"bicubic": {"psnr": _mean(rows, "psnr_bicubic"), "ssim": _mean(rows, "ssim_bicubic")}},
        "examples": {"least_gain_db": least["name"]},
        "metric": options,
        "images": rows,
    }


def quantized(model: Callable[[], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Returns ``upscale`` for the model that ``model`` makes, as it is served: uint8 in and out."""

    @functools.cache
    def served() -> Callable[[np.ndarray], Any]:
        return next(iter(model().serving().values())).function

    def upscale(low: np.ndarray) -> np.ndarray:
        high = np.asarray(served()(arrays.signed(low[None])))[0]
        return arrays.nearest_levels(high)

    return upscale


def _save_crops(
    directory: Path, index: int, low: np.ndarray, high: np.ndarray, made: dict[str, np.ndarray], scale: int
) -> None:
    """Saves the same patch of all images: the one with bicubic's largest error."""
    size = min(CROP // scale, *low.shape[:2])
    error = np.square(high.astype("float32") - made["bicubic"]).mean(axis=-1)
    blocks = error.reshape(low.shape[0], scale, low.shape[1], scale).mean(axis=(1, 3))
    sums = np.pad(blocks.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    windows = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    top, left = np.unravel_index(int(windows.argmax()), windows.shape)
    for name, image in {"low": low, **made, "truth": high}.items():
        factor = 1 if name == "low" else scale
        box = image[top * factor : (top + size) * factor, left * factor : (left + size) * factor]
        Image.fromarray(box).save(directory / f"{index}-{name}.png")


def _mean(rows: list[dict[str, Any]], name: str) -> float:
    return statistics.fmean(row[name] for row in rows)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
