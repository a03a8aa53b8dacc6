"""What autoencoders are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import UserError
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: ReconstructionRecipe, examples: Path) -> tf.data.Dataset:
    """Returns the images as they are prepared; with few labels, if the method learns from them.

    Raises:
        UserError: a class has too few images, or a batch no room for the labels.
    """
    from keras_genssl import data

    settings, few_labels = recipe.train, recipe.model.few_labels()
    features = ["image"] if few_labels is None else ["image", "label"]
    try:
        return data.load(
            examples, "train", settings.batch_size, seed=settings.seed, features=features, few_labels=few_labels
        )
    except ValueError as error:
        if few_labels is None:
            raise
        raise UserError(
            f"model.labels_per_class={few_labels.labels_per_class}, model.labelled_per_batch={few_labels.per_batch}, "
            f"train.batch_size={settings.batch_size}: {error}"
        ) from error
