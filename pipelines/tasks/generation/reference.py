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
from pipelines.tasks.distances import distances
from pipelines.tasks.generation import class_distances, neighbours
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
        path: the directory with the training images ``searched.npy``, their ``features.npy``, those of held-out images,
            ``held_out.npy``, and sheets of real images and of PCA's.
        result: ``baselines``: the numbers of held-out real images (a floor for distances and a ceiling for what is
            asked of labelled samples) and of a Gaussian in PCA; ``images``: the number of compared images;
            ``neighbours``: what samples are searched by. If samples are compared with held-out images, the real images
            of the baseline are those of the training, and ``learnt_from`` is their number.
    """

    digest: str
    path: Path
    result: dict[str, Any]

    @property
    def features(self) -> np.ndarray | None:
        """Returns the features of the real images that samples are compared with; None without a network."""
        features = self.held_out if "learnt_from" in self.result else self.searched
        return None if features is None else features[: self.result["images"]]

    @property
    def images(self) -> np.ndarray:
        """Returns the training images that are searched for neighbours, from disk: reading all takes seconds."""
        return np.load(self.path / "searched.npy", mmap_mode="r", allow_pickle=False)

    @property
    def searched(self) -> np.ndarray | None:
        """Returns the features of these images, the compared ones first; None without a network."""
        return self._loaded("features.npy")

    @property
    def held_out(self) -> np.ndarray | None:
        """Returns the features of held-out images; None without a network."""
        return self._loaded("held_out.npy")

    def _loaded(self, name: str) -> np.ndarray | None:
        file = self.path / name
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


def _searched(recipe: GenerationRecipe) -> int:
    """Returns how many training images are searched for neighbours of samples, at least those that are compared.

    InceptionV3 reads no more than these: 60,000 images would take it an hour.
    """
    compared = recipe.evaluate.images
    return compared if networks.is_slow(recipe.evaluate.features) else max(compared, _fitted(recipe))


def _fitted(recipe: GenerationRecipe) -> int:
    return images.fitted(recipe.prepare.shape)


def _build(recipe: GenerationRecipe, examples: Path, part: Path) -> dict[str, Any]:
    from keras_genssl import analysis, metrics

    most = max(recipe.evaluate.images, _fitted(recipe))
    given = images.read(examples, "train", most)
    train = given["image"]
    held_out = images.read(examples, "eval", recipe.evaluate.images)
    by_heart = recipe.evaluate.compared_with == "held_out"
    count = min(recipe.evaluate.images, len(held_out["image"] if by_heart else train))
    images.save_grid(part / "real.png", train[: GRID**2], GRID)
    baselines: dict[str, dict[str, float]] = {"real": {}, "pca": {}}
    result: dict[str, Any] = {"images": count, "held_out": len(held_out["image"]), "baselines": baselines}
    if by_heart:
        result["learnt_from"] = min(recipe.evaluate.images, len(train))
    components = min(COMPONENTS, len(train) // 2)
    pca = None
    if np.prod(recipe.prepare.shape) <= PIXELS:
        pca = arrays.nearest_levels(analysis.PCA(components).fit(train).sample(count, seed=0))
        images.save_grid(part / "pca.png", pca[: GRID**2], GRID)
        result["components"] = components
    network = networks.load(recipe.evaluate.features)
    vectors, known = train[: _searched(recipe)], held_out["image"]
    np.save(part / "searched.npy", vectors, allow_pickle=False)
    if network is not None:
        vectors = metrics.extract_features(network, vectors)
        known = metrics.extract_features(network, known)
        np.save(part / "features.npy", vectors, allow_pickle=False)
        np.save(part / "held_out.npy", known, allow_pickle=False)
        real, others = (known, vectors) if by_heart else (vectors, known)
        real, others = real[:count], others[: recipe.evaluate.images]
        result["dim"] = real.shape[1]
        baselines["real"] = distances(real, others)
        if "label" in held_out:
            labels = [each["label"] for each in ((held_out, given) if by_heart else (given, held_out))]
            classes = len(images.class_names(examples))
            baselines["real"] |= class_distances.measure(
                real, labels[0][: len(real)], others, labels[1][: len(others)], classes
            )[0]
        if pca is not None:
            baselines["pca"] = distances(real, metrics.extract_features(network, pca))
        if "label" in held_out and networks.knows_classes(network, recipe):
            baselines["real"]["label_accuracy"] = metrics.label_accuracy(network, held_out["image"], held_out["label"])
    facts, own = neighbours.of_real(vectors, known, count)
    result["neighbours"] = {**facts, "of_held_out": own, "searched": len(vectors)} if facts else {}
    if not by_heart:  # the row of real images is then that of the training images
        baselines["real"] |= own
    return result


def _taught_by_real(recipe: GenerationRecipe, examples: Path) -> dict[str, Any]:
    """Measures a classifier that is trained on as many real images as there are samples."""
    from keras_genssl import metrics

    train, test = images.read(examples, "train", recipe.evaluate.images), images.read(examples, "eval")
    parts = (part[name] for part in (train, test) for name in ("image", "label"))
    return {"train_on_samples_accuracy": metrics.train_on_synthetic_accuracy(*parts)}
