"""What representations are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import UserError
from pipelines.tasks.representation.methods.metric_learning import EmbeddingModel
from pipelines.tasks.representation.recipe import RepresentationRecipe

if TYPE_CHECKING:
    import tensorflow as tf


def training(recipe: RepresentationRecipe, examples: Path) -> tf.data.Dataset:
    """Returns the prepared examples, with labels or example numbers if the method reads them, and by class if asked.

    Raises:
        UserError: there are too few classes, or too few images in a class.
    """
    from keras_genssl import data

    settings, count, balance = recipe.train, recipe.train.classes_per_batch, None
    if count is not None:
        only = None if settings.classes is None else tuple(settings.classes)
        assert isinstance(recipe.model, EmbeddingModel)  # the schema guarantees it
        total = recipe.model.num_classes
        if only is not None and total is not None and total - len(set(only)) < 2:
            raise UserError(
                f"`train.classes` must leave two classes at least unseen. Received: {len(set(only))} of {total}"
            )
        balance = data.ClassBalanced(count, settings.batch_size // count, classes=only)
    try:
        return data.load(
            examples,
            "train",
            settings.batch_size,
            seed=settings.seed,
            features=recipe.model.reads[recipe.prepare.preparation],
            index=recipe.model.numbered,
            balance=balance,
        )
    except ValueError as error:
        if balance is None:
            raise
        raise UserError(f"train.classes_per_batch={count}, train.batch_size={settings.batch_size}: {error}") from error
