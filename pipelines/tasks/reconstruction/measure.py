"""Measures autoencoders: the error on held-out images, compared with that of PCA with a code of the same size."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.errors import UserError
from pipelines.tasks import images
from pipelines.tasks.reconstruction.numbers import PCA
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe
from pipelines.tasks.reconstructions import in_batches, mean_squared_error, psnr

if TYPE_CHECKING:
    import keras

SEED = 0  # the seed of the corruption
SHOWN = 10  # the number of images in the sheet


def measure(
    recipe: ReconstructionRecipe,
    model: keras.Model,
    train: np.ndarray,
    test: np.ndarray,
    examples: Path,
    directory: Path,
) -> dict[str, Any]:
    """Measures reconstructions.

    Args:
        recipe: the completed recipe.
        model: the trained model; it has `reconstruct`, and `corruption` if it was trained on corrupted images.
        train: uint8 images that PCA is fitted to.
        test: held-out uint8 images.
        examples: the directory of prepared examples, for what only the method measures.
        directory: the directory for the sheet ``reconstructions.png``, with rows of images, of the model's and of PCA's
            answers. With corruption, the second row shows corrupted images, and the answers are those to them.

    Returns:
        ``numbers``, ``baselines`` (those of PCA and of the method), ``images``, ``code_dim`` and ``rows`` of the sheet.
        Errors are for float images in [-1, 1]; PSNR is in dB.
    """
    from keras_genssl import analysis

    code_dim = recipe.model.code_dim
    if code_dim >= min(len(train), math.prod(recipe.prepare.shape)):
        raise UserError(
            f"model.code_dim={code_dim}: PCA, the baseline, needs fewer components than there are images "
            f"({len(train)}) and values of an image"
        )
    pca = analysis.PCA(code_dim).fit(train)
    clean = arrays.signed(test)
    shown = {"images": clean[:SHOWN]}
    numbers: dict[str, float] = {}
    baseline: dict[str, float] = {}
    inputs = {"": clean}
    if hasattr(model, "corruption"):
        inputs["damaged_"] = _damaged(model, clean)
        shown["damaged"] = inputs["damaged_"][:SHOWN]
    for prefix, given in inputs.items():
        answers = {"this model": in_batches(model.reconstruct, given), f"PCA-{code_dim}": pca.reconstruct(given)}
        for values, answer in zip((numbers, baseline), answers.values(), strict=True):
            error = mean_squared_error(clean, answer)
            values |= {f"{prefix}mse": error, f"{prefix}psnr": psnr(error)}
        last = {name: answer[:SHOWN] for name, answer in answers.items()}
    shown |= last
    own, beside = recipe.model.measure(model, examples)
    images.save_grid(directory / "reconstructions.png", np.concatenate(list(shown.values())), len(shown["images"]))
    return {
        "numbers": {**numbers, **own},
        "baselines": {**beside, PCA.name: {**baseline, **beside.get(PCA.name, {})}},
        "images": len(test),
        "code_dim": code_dim,
        "rows": list(shown),
    }


def _damaged(model: keras.Model, clean: np.ndarray) -> np.ndarray:
    """Returns the images as a denoising autoencoder sees them in training."""
    import keras

    seed = keras.random.SeedGenerator(SEED)
    return in_batches(lambda batch: model.corruption(batch, seed), clean)
