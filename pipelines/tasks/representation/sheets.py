"""Pictures of a representation: nearest neighbours, views, and its vectors in the plane."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.tasks import images
from pipelines.tasks.representation.features import pixels
from pipelines.tasks.representation.recipe import RepresentationRecipe

if TYPE_CHECKING:
    import keras

QUERIES, NEIGHBOURS, VIEWS, SHOWN, SCATTERED = 10, 9, 4, 10, 1000
_PERPLEXITY = 30


def draw(recipe: RepresentationRecipe, model: keras.Model, examples: Path, directory: Path) -> dict[str, Any]:
    """Writes the sheets into a directory.

    ``retrieval.png``: each row shows a held-out image (with labels the first of each class) and the nearest other
    held-out images by cosine; ``pixels.png``: the same by raw pixels. ``views.png``: images, and below each its views,
    from each distribution of the recipe. ``answers.png``: the `rows` of a method that answers with pictures, for
    examples that are prepared here from held-out images. ``scatter.png``: t-SNE of vectors, with a colour for each
    class.

    Returns:
        ``images``: the number of held-out images that were measured; ``drawn``: how many of them the sheets searched.
    """
    from keras_genssl import analysis

    described = json.loads((examples / "manifest.json").read_text(encoding="utf-8"))
    limit, feature = min(recipe.evaluate.images, images.fitted(recipe.prepare.shape)), recipe.looked_at
    held_out = images.read(examples, "eval", limit, None if feature == "image" else [feature])
    shown, labels = held_out[feature], held_out.get("label")
    queries = _queries(len(shown), labels, recipe.train.classes)
    vectors = analysis.encode_images(model.encode, shown)
    _retrieval(directory / "retrieval.png", shown, vectors, queries)
    _retrieval(directory / "pixels.png", shown, pixels(shown), queries)
    _views(recipe, shown[:SHOWN], directory / "views.png")
    _answers(recipe, model, shown[:SHOWN], directory / "answers.png")
    few = min(SCATTERED, len(shown))
    if labels is not None and few > 3:
        points = analysis.tsne_projection(vectors[:few], perplexity=min(_PERPLEXITY, (few - 1) / 3))
        analysis.plot_projection(directory / "scatter.png", points, labels[:few].astype(int), described["labels"])
    total = described["splits"]["eval"]["records"]
    return {"images": min(recipe.evaluate.images, total), "drawn": len(shown)}


def _queries(count: int, labels: np.ndarray | None, classes: list[int] | None) -> np.ndarray:
    """Returns the first image of each class (if some are unseen, of these); without labels the first images."""
    if labels is None:
        return np.arange(min(QUERIES, count))
    present, first = np.unique(labels, return_index=True)
    return first if classes is None else first[~np.isin(present, classes)]


def _retrieval(path: Path, shown: np.ndarray, vectors: np.ndarray, queries: np.ndarray) -> None:
    from keras_genssl import analysis

    units = vectors.astype(np.float32)
    units = units / np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-12)
    count = min(NEIGHBOURS, len(shown) - 1)
    if not len(queries) or count < 1:
        return
    queries = queries[:QUERIES]
    nearest, _ = analysis.nearest_images(units[queries], units, count, exclude=queries)
    sheet = np.concatenate([shown[queries][:, None], shown[nearest]], axis=1)
    images.save_grid(path, sheet.reshape(-1, *shown.shape[1:]), count + 1)


def _views(recipe: RepresentationRecipe, shown: np.ndarray, path: Path) -> None:
    scaled = arrays.signed(shown)
    rows = [
        arrays.nearest_levels(layer(scaled))
        for number, views in enumerate(recipe.model.shown())
        for layer in [views.build(recipe.prepare.size, seed=number)]
        for _ in range(VIEWS)
    ]
    if rows:
        images.save_grid(path, np.concatenate([shown, *rows]), len(shown))


def _answers(recipe: RepresentationRecipe, model: keras.Model, shown: np.ndarray, path: Path) -> None:
    method, section = recipe.model, recipe.prepare
    if not method.rows:
        return
    prepared = [section.example(image, seed) for seed, image in enumerate(shown)]
    examples = {name: np.stack([example[name] for example in prepared]) for name in prepared[0]}
    images.save_grid(path, arrays.nearest_levels(np.concatenate(method.answer(model, examples))), len(shown))
