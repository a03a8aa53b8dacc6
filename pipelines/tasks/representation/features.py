"""Maps prepared images to vectors, one batch at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.tasks import images

_BATCH = 500

Encode = Callable[[np.ndarray], Any]


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Vectors of images and their labels.

    Attributes:
        vectors: float32 ``(num, dim)``.
        labels: ``(num,)``; None if the images have none.
    """

    vectors: np.ndarray
    labels: np.ndarray | None

    def only(self, classes: list[int] | None, inverted: bool = False) -> Labelled:
        """Returns the part with the given classes, or, inverted, with the others; None returns everything."""
        if classes is None or self.labels is None:
            return self
        chosen = np.isin(self.labels, classes, invert=inverted)
        return Labelled(self.vectors[chosen], self.labels[chosen])


def extract(functions: Mapping[str, Encode], examples: Path, split: str, limit: int) -> dict[str, Labelled]:
    """Maps the first images of a prepared split to the vectors of several functions; the images are read once.

    Args:
        functions: name -> function from float32 images ``(batch, h, w, c)`` in [-1, 1] to vectors ``(batch, dim)``.
        examples: the directory of prepared examples.
        split: the split to read.
        limit: the largest number of images.
    """
    from keras_genssl import data

    read = data.load(
        examples, split, _BATCH, shuffle=False, drop_remainder=False, features=images.numbers(examples)
    ).take(-(-limit // _BATCH))
    parts: dict[str, list[np.ndarray]] = {name: [] for name in functions}
    labels = []
    for batch in read.as_numpy_iterator():
        for name, function in functions.items():
            parts[name].append(np.asarray(function(arrays.signed(batch["image"])), np.float32))
        if "label" in batch:
            labels.append(batch["label"])
    known = np.concatenate(labels)[:limit] if labels else None
    return {name: Labelled(np.concatenate(part)[:limit], known) for name, part in parts.items()}


def pixels(batch: np.ndarray) -> np.ndarray:
    """Returns the pixels of the images as vectors."""
    return batch.reshape(len(batch), -1)
