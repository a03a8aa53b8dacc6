"""What is measured and shown of styles: path lengths, mixed images, truncated ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_genssl.checks import arrays
from pipelines.recipe.numbers import Number
from pipelines.tasks import images

if TYPE_CHECKING:
    import keras

SEED = 0
TRUNCATION = 0.7  # the paper's
SWEEP = (0.0, 0.3, 0.5, 0.7, 1.0)
SOURCES, STYLES = 6, 8  # rows and columns of the sheet of mixed images
PAIRS = 2000

PATHS = (
    Number(name="path_length_z", heading="path length in z", better="lower", format=".1f"),
    Number(name="path_length_w", heading="path length in w", better="lower", format=".1f"),
)
"""In the features of the library's Fashion-MNIST network before images are rounded; only of images of its size."""


def measure(model: keras.Model) -> dict[str, float]:
    """Measures path lengths between latents and between styles, if the Fashion-MNIST network takes the images."""
    from keras_genssl import metrics

    network = metrics.fashion_features().network
    if model.image_shape != tuple(network.input_shape[1:]):
        return {}

    def features(shown: np.ndarray) -> np.ndarray:
        return np.asarray(network(shown, training=False)[0])

    latents = model.sample_latents(2 * PAIRS, SEED)
    styles = np.asarray(model.styles(latents))
    return {
        "path_length_z": metrics.perceptual_path_length(
            model.generate, features, latents[:PAIRS], latents[PAIRS:], spherical=True, seed=SEED
        ),
        "path_length_w": metrics.perceptual_path_length(
            model.synthesize, features, styles[:PAIRS], styles[PAIRS:], spherical=False, seed=SEED
        ),
    }


def draw(model: keras.Model, directory: Path) -> None:
    """Writes two sheets: ``mixed.png`` and ``truncated.png``.

    In the first, the first row shows sources of coarse styles, the first column of fine ones; each other image has the
    styles of the first third of the layers from its column, and the others from its row. In the second, each row is a
    truncation and each column a latent.
    """
    coarse = model.sample_latents(STYLES, SEED)
    fine = model.sample_latents(SOURCES, SEED + 1)
    layer = max(1, model.num_styles // 3)
    blank = np.ones((1, *model.image_shape), np.float32)
    rows = [blank, np.asarray(model.generate(coarse))]
    for latent in fine:
        both = latent[None], np.repeat(latent[None], STYLES, axis=0)
        rows += [np.asarray(model.generate(both[0])), np.asarray(model.mix(coarse, both[1], layer))]
    images.save_grid(directory / "mixed.png", arrays.nearest_levels(np.concatenate(rows)), 1 + STYLES)
    swept = [model.sample(STYLES, seed=SEED, truncation=psi) for psi in SWEEP]
    images.save_grid(directory / "truncated.png", arrays.nearest_levels(np.concatenate(swept)), STYLES)
