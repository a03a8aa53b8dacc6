"""What tasks on whole images share: training data, reading images, probing a model, drawing sheets."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from keras_genssl.checks import arrays
from pipelines.errors import UserError
from pipelines.recipe.base import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

ASKED = 4  # the number of inputs with which the exporter probes a model
VALUES = 50_000_000  # the most pixel values of all images that are searched or to which principal components are fitted
_BATCH = 500


def read(
    examples: Path, split: str, limit: int | None = None, features: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """Reads the first examples of a prepared split, in their order on disk: ``image``, uint8, and ``label`` if there
    is one.

    Args:
        examples: the directory of prepared examples.
        split: the split to read.
        limit: the largest number of examples.
        features: the names of the features to read; None reads image and label.
    """
    from keras_genssl import data

    batches = data.load(
        examples, split, _BATCH, shuffle=False, drop_remainder=False, features=features or numbers(examples)
    )
    if limit is not None:
        batches = batches.take(-(-limit // _BATCH))
    parts = list(batches.as_numpy_iterator())
    return {name: np.concatenate([part[name] for part in parts])[:limit] for name in parts[0]}


def training(recipe: Recipe, examples: Path, features: Sequence[str]) -> tf.data.Dataset:
    """Returns the images that a method learns from, with those of their labels that it is to know (`few_labels`).

    Args:
        recipe: the completed recipe.
        examples: the directory of prepared examples.
        features: the names of the features to read.

    Raises:
        UserError: a class has fewer images than labels are to be known, or a batch has no room for them.
    """
    from keras_genssl import data

    settings, few_labels = recipe.train, recipe.model.few_labels()
    try:
        return data.load(
            examples,
            "train",
            settings.batch_size,
            seed=settings.seed,
            features=features,
            transform=recipe.model.transform(),
            few_labels=few_labels,
        )
    except ValueError as error:
        if few_labels is None:
            raise
        raise UserError(
            f"model.labels_per_class={few_labels.labels_per_class}, model.labelled_per_batch={few_labels.per_batch}, "
            f"train.batch_size={settings.batch_size}: {error}"
        ) from error


def inputs(examples: Path) -> dict[str, Path]:
    """Returns name of an input -> its prepared directory, from a directory that names several."""
    described = json.loads((examples / "manifest.json").read_text(encoding="utf-8"))
    return {name: (examples / path).resolve() for name, path in described["directories"].items()}


def numbers(examples: Path) -> list[str]:
    """Returns the features of a prepared directory that are not text."""
    return ["image", "label"] if class_names(examples) else ["image"]


def class_names(examples: Path) -> list[str]:
    """Returns the names of the classes of a prepared directory, by number; empty without labels."""
    described = json.loads((examples / "manifest.json").read_text(encoding="utf-8"))
    return list(described.get("labels", ()))


def count(examples: Path, split: str) -> int:
    """Returns the number of examples in a prepared split."""
    described = json.loads((examples / "manifest.json").read_text(encoding="utf-8"))
    return int(described["splits"][split]["records"])


def fitted(shape: tuple[int, int, int]) -> int:
    """Returns the number of images of a shape to which principal components are fitted."""
    return max(1, VALUES // math.prod(shape))


def export_probe(model: keras.Model, examples: Path, feature: str = "image") -> tuple[Any, Any]:
    """Returns an input for the default signature of a model, and the answer of the model in memory.

    Latents are drawn, labels cycle through the classes, images are the first held-out ones.
    """
    from keras_genssl.engine import Image, Label

    serving = next(iter(model.serving().values()))
    asked: dict[str, Any] = {}
    arguments = []
    for name, kind in serving.inputs.items():
        if isinstance(kind, Image):
            images = read(examples, "eval", ASKED, [feature])[feature]
            asked[f"{name}_bytes"] = [png(image) for image in images]
            arguments.append(arrays.signed(images))
        elif isinstance(kind, Label):
            asked[name] = np.arange(ASKED) % (kind.num_classes or ASKED)
            arguments.append(asked[name])
        else:
            asked[name] = np.random.default_rng(0).standard_normal((ASKED, kind.dim), dtype=np.float32)
            arguments.append(asked[name])
    made = serving.function(*arguments)
    if len(serving.outputs) > 1:
        pictures = {name: isinstance(kind, Image) for name, kind in serving.outputs.items()}
        return asked, {
            f"{name}_bytes" if picture else name: _told(np.asarray(made[name]), picture)
            for name, picture in pictures.items()
        }
    (output,) = serving.outputs.values()
    return asked, _told(np.asarray(made), isinstance(output, Image))


def _told(answer: np.ndarray, picture: bool) -> list[np.ndarray]:
    """Returns the answers as the SavedModel gives them: pictures in eight bits."""
    return list(arrays.nearest_levels(answer) if picture else answer)


def png(image: np.ndarray) -> bytes:
    """Encodes an image of one or three channels as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "png")
    return buffer.getvalue()


def save_grid(path: Path, images: np.ndarray, columns: int) -> None:
    """Writes images as one sheet, row by row."""
    from keras_genssl import analysis

    analysis.save_image_grid(path, images, columns)
