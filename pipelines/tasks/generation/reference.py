"""What generators are compared with: real images, and samples of a Gaussian in the principal components.

It depends only on the data and the feature network, so all recipes of one data set share it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.runtime import code, store
from pipelines.tasks import images
from pipelines.tasks.generation import features as networks
from pipelines.tasks.generation.recipe import GenerationRecipe

COMPONENTS = 64
PIXELS = 4096  # per image at most; the principal components of larger images would take minutes
GRID = 10  # the number of images on each side of a sheet


@dataclasses.dataclass(frozen=True)
class Reference:
    """Real images and baselines.

    Attributes:
        digest: the digest of everything that they depend on.
        path: the directory with ``features.npy`` of the real images that samples are compared with, and sheets of real
            images and of PCA's.
        result: ``baselines``: the numbers of held-out real images (a floor for distances and a ceiling for what is
            asked of labelled samples) and of a Gaussian in PCA; ``images``: the number of compared images. If samples
            are compared with held-out images, the real images of the baseline are those of the training, and
            ``learnt_from`` is their number.
    """

    digest: str
    path: Path
    result: dict[str, Any]

    @property
    def features(self) -> np.ndarray | None:
        """Returns the features of the real images to compare with; None if the recipe names no network."""
        file = self.path / "features.npy"
        return np.load(file, allow_pickle=False) if file.is_file() else None


def reference(recipe: GenerationRecipe, examples: Path, content: str, directory: Path) -> Reference:
    """Returns the reference of a recipe, and makes it if it is not there.

    Args:
        recipe: the completed recipe.
        examples: the directory of prepared examples.
        content: the digest of the directory's content.
        directory: the directory in which references are kept.
    """
    inputs = {
        "examples": content,
        "features": networks.identity(recipe.evaluate.features),
        "dataset": recipe.source.published,  # a network may know its classes
        "images": recipe.evaluate.images,
        "compared_with": recipe.evaluate.compared_with,
        "code": code.digest(__name__),
    }
    key = store.digest(inputs)[:20]
    with store.exclusive(directory, wait=True):
        made = store.make(directory / key, inputs, lambda part: _build(recipe, examples, part))
        result = made.result
        if recipe.evaluate.train_on_samples and "label" in images.numbers(examples):
            inputs = {name: inputs[name] for name in ("examples", "images", "code")}
            key = store.digest(inputs)[:20]
            taught = store.make(directory / key, inputs, lambda part: _taught_by_real(recipe, examples))
            baselines = result["baselines"]
            result = {**result, "baselines": {**baselines, "real": {**baselines["real"], **taught.result}}}
    return Reference(made.digest, made.path, result)


def distances(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Returns FID, KID, precision and recall of features, each ``(count, dim)``."""
    from keras_genssl import metrics

    statistics = [metrics.FeatureStatistics(values) for values in (real, fake)]
    subset = min(1000, len(real), len(fake))
    precision, recall = metrics.precision_recall(real, fake)
    return {
        "fid": metrics.frechet_distance(*(part for one in statistics for part in (one.mean, one.covariance))),
        "kid": metrics.kernel_distance(real, fake, subset_size=subset)[0],
        "precision": precision,
        "recall": recall,
    }


def _build(recipe: GenerationRecipe, examples: Path, part: Path) -> dict[str, Any]:
    from keras_genssl import analysis, metrics

    most = max(recipe.evaluate.images, images.fitted(recipe.prepare.shape))
    train = images.read(examples, "train", most)["image"]
    held_out = images.read(examples, "eval", recipe.evaluate.images)
    by_heart = recipe.evaluate.compared_with == "held_out"
    wanted, beside = (held_out["image"], train) if by_heart else (train, held_out["image"])
    count = min(recipe.evaluate.images, len(wanted))
    beside = beside[: recipe.evaluate.images]
    images.save_grid(part / "real.png", train[: GRID**2], GRID)
    baselines: dict[str, dict[str, float]] = {"real": {}, "pca": {}}
    result: dict[str, Any] = {"images": count, "held_out": len(held_out["image"]), "baselines": baselines}
    if by_heart:
        result["learnt_from"] = len(beside)
    components = min(COMPONENTS, len(train) // 2)
    pca = None
    if np.prod(recipe.prepare.shape) <= PIXELS:
        pca = arrays.nearest_levels(analysis.PCA(components).fit(train).sample(count, seed=0))
        images.save_grid(part / "pca.png", pca[: GRID**2], GRID)
        result["components"] = components
    network = networks.load(recipe.evaluate.features)
    if network is not None:
        real = metrics.extract_features(network, wanted[:count])
        np.save(part / "features.npy", real, allow_pickle=False)
        baselines["real"] = distances(real, metrics.extract_features(network, beside))
        if pca is not None:
            baselines["pca"] = distances(real, metrics.extract_features(network, pca))
        if "label" in held_out and networks.knows_classes(network, recipe):
            baselines["real"]["label_accuracy"] = metrics.label_accuracy(network, held_out["image"], held_out["label"])
    return result


def _taught_by_real(recipe: GenerationRecipe, examples: Path) -> dict[str, Any]:
    """Measures a classifier that is trained on as many real images as there are samples."""
    from keras_genssl import metrics

    train, test = images.read(examples, "train", recipe.evaluate.images), images.read(examples, "eval")
    parts = (part[name] for part in (train, test) for name in ("image", "label"))
    return {"train_on_samples_accuracy": metrics.train_on_synthetic_accuracy(*parts)}
