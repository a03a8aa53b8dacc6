"""Measures anomaly scores: held-out images of classes that training never saw, against those of the other classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_genssl.checks import arrays
from pipelines.recipe.numbers import Baseline, Number, Numbers, Values, difference
from pipelines.tasks import images
from pipelines.tasks.reconstructions import PSNR, in_batches, mean_squared_error, psnr

if TYPE_CHECKING:
    import keras

KNOWN = 20_000  # the most training images among which the nearest one is searched

PCA = Baseline("pca_error", "error of PCA with codes as long", "PCA")
NEAREST = Baseline("nearest_image", "distance from the nearest training image", "the nearest image")
ROC_AUC = Number(name="unseen_class_roc_auc", heading="AUROC of unseen classes", better="higher", tile=True)
NUMBERS = Numbers((ROC_AUC, difference(ROC_AUC, PCA, tile=True), difference(ROC_AUC, NEAREST), PSNR), (PCA, NEAREST))


def measure(model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Measures how well the score of a model detects classes that training never saw.

    The baselines are the reconstruction error of PCA, and the distance from the nearest of 20,000 training images.

    Args:
        model: it has `score`, `reconstruct` and `latent_dim`.
        examples: the directory of prepared examples.

    Returns:
        The numbers of the model, and those of the baselines. Without labels, or if training saw all classes, there is
        no AUROC; the PSNR is that of held-out images of the classes that training saw.
    """
    from keras_genssl import analysis, metrics

    train, test = images.read(examples, "train", images.fitted(_shape(examples))), images.read(examples, "eval")
    pixels, truth = test["image"], arrays.signed(test["image"])
    unseen = _unseen(examples, test)
    numbers: dict[str, float] = {}
    baselines: dict[str, dict[str, float]] = {PCA.name: {}, NEAREST.name: {}}
    pca = None
    if model.latent_dim < min(len(train["image"]), truth[0].size):
        pca = analysis.PCA(model.latent_dim).fit(train["image"])
    if unseen.any() and not unseen.all():
        numbers[ROC_AUC.name] = metrics.roc_auc(in_batches(model.score, truth), unseen)
        _, nearest = analysis.nearest_images(pixels, train["image"][:KNOWN], k=1)
        baselines[NEAREST.name][ROC_AUC.name] = metrics.roc_auc(nearest[:, 0], unseen)
        if pca is not None:
            errors = analysis.reconstruction_error(pca.reconstruct, pixels)
            baselines[PCA.name][ROC_AUC.name] = metrics.roc_auc(errors, unseen)
    if not unseen.all():
        seen = truth[~unseen]
        numbers[PSNR.name] = psnr(mean_squared_error(seen, in_batches(model.reconstruct, seen)))
        if pca is not None:
            baselines[PCA.name][PSNR.name] = psnr(mean_squared_error(seen, pca.reconstruct(seen)))
    return numbers, {name: values for name, values in baselines.items() if values}


def _shape(examples: Path) -> tuple[int, int, int]:
    """Returns the shape of a prepared image."""
    height, width, channels = images.read(examples, "eval", 1)["image"].shape[1:]
    return height, width, channels


def _unseen(examples: Path, test: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns which held-out images are of classes that the training split does not have."""
    if "label" not in test:
        return np.zeros(len(test["image"]), bool)
    known = np.unique(images.read(examples, "train", features=["label"])["label"])
    return ~np.isin(test["label"], known)


def remarks(numbers: Values, baselines: Mapping[str, Values]) -> str:
    """Says how well unseen classes are detected, beside the baselines.

    >>> print(remarks({"unseen_class_roc_auc": 0.75}, {"pca_error": {"unseen_class_roc_auc": 0.9}}))
    An image of a class that training never saw has a higher score than one of the other classes with a probability of \
0.750 (PCA: 0.900; chance: 0.500).
    >>> remarks({"psnr": 18.0}, {})
    'Training saw all classes, so nothing tells how well anomalies are detected.'
    """
    if ROC_AUC.name not in numbers:
        return "Training saw all classes, so nothing tells how well anomalies are detected."
    others = [(it.short, baselines[it.name][ROC_AUC.name]) for it in (PCA, NEAREST) if it.name in baselines]
    beside = "; ".join(f"{name}: {value:.3f}" for name, value in [*others, ("chance", 0.5)])
    return (
        "An image of a class that training never saw has a higher score than one of the other classes with a "
        f"probability of {numbers[ROC_AUC.name]:.3f} ({beside})."
    )
