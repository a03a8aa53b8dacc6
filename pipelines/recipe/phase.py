"""A phase of a training: one `fit`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipelines.recipe.training import Updates

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Phase:
    """A `fit` of its own length, which a kill interrupts and a new run continues.

    Attributes:
        name: what people read; no other phase of the training has it.
        model: what is trained, not compiled: the model whose weights are kept, or one that shares weights with it.
        data: what is read, of `data.load`.
        steps: how many.
        updates: the optimizers and learning rates, which start afresh; None where those of the phase before, which
            trained the same model, go on with their moments and their schedules.
    """

    name: str
    model: keras.Model
    data: tf.data.Dataset
    steps: int
    updates: Updates | None
