"""A phase of a training: one call of `fit`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipelines.recipe.training import Updates

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Phase:
    """One call of `fit` with its own length. A new run continues it after a kill.

    Attributes:
        name: the name that users see, unique within the training.
        model: the model to train, not yet compiled: the one whose weights are kept, or one that shares weights with it.
        data: the dataset to train on, made by `data.load`.
        steps: the number of steps.
        updates: optimizers and learning rates, which start fresh. None continues those of the phase before, with their
            moments and schedules; both phases then train the same model.
    """

    name: str
    model: keras.Model
    data: tf.data.Dataset
    steps: int
    updates: Updates | None
