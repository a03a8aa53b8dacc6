"""What generators are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import UserError
from pipelines.recipe.base import Recipe
from pipelines.tasks import images

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: Recipe, examples: Path) -> tf.data.Dataset:
    """Returns the images as they are prepared, with those of their labels that the method is to know.

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
            features=images.numbers(examples),
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
