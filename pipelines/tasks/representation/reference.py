"""What representations are compared with: raw pixels, principal components, the encoder before any training.

Pixels and components depend only on the data and on what is measured, the random encoder also on its architecture, so
the recipes of one data set share them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.data.sources.base import PAIRS
from pipelines.runtime import code, store
from pipelines.section import classes_of
from pipelines.tasks import images
from pipelines.tasks.representation import pairs
from pipelines.tasks.representation.features import Encode, Labelled, extract, pixels
from pipelines.tasks.representation.methods.encoders import Representation
from pipelines.tasks.representation.recipe import RepresentationRecipe
from pipelines.tasks.representation.scores import scores

COMPONENTS = 64
PIXELS = 4096  # per image; with more pixels, large numbers of images are neither searched nor decomposed
SEED = 0  # the seed of the random encoder


def reference(
    recipe: RepresentationRecipe, examples: Path, content: str, directory: Path
) -> tuple[dict[str, dict[str, float]], int]:
    """Returns the numbers of each baseline, and makes them if they are not there.

    Args:
        recipe: the completed recipe.
        examples: the directory of prepared examples.
        content: the digest of the directory's content.
        directory: the directory in which references are kept.

    Returns:
        Name of the baseline -> numbers, and the number of principal components.
    """
    asked = {
        "task": "representation",
        "examples": content,
        "evaluate": recipe.evaluate.model_dump(mode="json", exclude={"bless"}),
        "classes": recipe.train.classes,
    }
    simple = {**asked, "code": code.digest(_simple)}
    network: dict[str, Any] = {"encoder": recipe.model.encoder.model_dump(mode="json")}
    if recipe.model.own_network:
        network["method"] = recipe.model.method
    random = {**asked, **network, "code": code.digest(_random, *_network(recipe.model))}
    builds = [(simple, _simple), (random, _random)]
    found: dict[str, dict[str, float]] = {}
    components = 0
    with store.exclusive(directory, wait=True):
        for inputs, build in builds:
            key = store.digest(inputs)[:20]
            made = store.make(directory / key, inputs, functools.partial(_built, build, recipe, examples)).result
            found |= made["baselines"]
            components = components or made.get("components", 0)
    return found, components


def _network(method: Representation) -> frozenset[type]:
    """Returns the classes that build the untrained encoder."""
    return classes_of(method) if method.own_network else classes_of(method.encoder) | {Representation}


def _built(
    build: Callable[[RepresentationRecipe, Path], dict[str, Any]], recipe: RepresentationRecipe, examples: Path, _: Path
) -> dict[str, Any]:
    return build(recipe, examples)


def measured(recipe: RepresentationRecipe, functions: dict[str, Encode], examples: Path) -> dict[str, dict[str, float]]:
    """Returns the numbers of each function of images."""
    evaluate, classes = recipe.evaluate, recipe.train.classes
    if PAIRS in recipe.source.gives:
        return pairs.scores(functions, examples, evaluate.images)
    judged = extract(functions, examples, "eval", evaluate.images)
    known: dict[str, Labelled] = {}
    if classes is None and next(iter(judged.values())).labels is not None:
        known = extract(functions, examples, "train", evaluate.known)
    return {name: scores(evaluate, classes, judged[name], known.get(name)) for name in functions}


def _simple(recipe: RepresentationRecipe, examples: Path) -> dict[str, Any]:
    from keras_genssl import analysis

    size = int(np.prod(recipe.prepare.shape))
    known = min(recipe.evaluate.known, images.count(examples, "train"))
    if size > PIXELS and size * known > images.VALUES:
        return {"baselines": {}}
    limit, feature = min(recipe.evaluate.known, images.fitted(recipe.prepare.shape)), recipe.looked_at
    train = images.read(examples, "train", limit, None if feature == "image" else [feature])
    seen = train[feature]
    if recipe.train.classes is not None:
        seen = seen[np.isin(train["label"], recipe.train.classes)]
    components = max(1, min(COMPONENTS, len(seen) // 2, size // 2))
    pca = analysis.PCA(components).fit(seen)
    return {"baselines": measured(recipe, {"pixels": pixels, "pca": pca.encode}, examples), "components": components}


def _random(recipe: RepresentationRecipe, examples: Path) -> dict[str, Any]:
    import keras

    keras.utils.set_random_seed(SEED)
    return {"baselines": measured(recipe, {"random": recipe.model.untrained(recipe.sections)}, examples)}
