"""What every worker of a training does: it makes data and model, and runs the phases. It publishes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.recipe.base import Recipe
from pipelines.runtime import device
from pipelines.training import phases, weights

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from pipelines.console import Console


@dataclasses.dataclass(frozen=True)
class Trained:
    """The result of a training in memory, the same in every worker.

    Attributes:
        recipe: the recipe with the facts of the examples.
        model: the compiled model, in the precision of the training.
        facts: what `Method.facts` computed from the examples.
        phases: the finished phases.
        steps_per_epoch: the steps per epoch of the data that the task reads.
        interrupted: whether this process continued a training of another process.
    """

    recipe: Recipe
    model: keras.Model
    facts: dict[str, Any]
    phases: list[phases.Done]
    steps_per_epoch: int
    interrupted: bool


def work(
    recipe: Recipe, read: Callable[[], tf.data.Dataset], examples: Path, resume: Path, console: Console
) -> Trained:
    """Trains, from the beginning or from where the training was interrupted.

    On several machines every worker calls this, with the strategy that `engine.strategy` makes from the recipe's. Each
    worker reads the same data and makes the same phases by itself. They share one ``resume``, a directory that all of
    them
    see: `callbacks.Resume` reads it in each worker and writes it only in the chief. Nothing else is written.

    Args:
        recipe: the completed recipe.
        read: makes the dataset that training reads (`Task.batches`); it is called after the seed is set.
        examples: the directory of prepared examples, from which the method computes its facts.
        resume: the directory of saved states.
        console: shows the progress.

    Raises:
        UserError: the model cannot be built, or the loss became NaN or infinite.
    """
    device.start()
    import keras

    from keras_genssl import engine

    settings = recipe.train
    keras.utils.set_random_seed(settings.seed)
    data = read()
    facts = recipe.model.facts(examples)
    recipe = weights.with_facts(recipe, facts)
    interrupted = resume.is_dir()
    strategy = engine.strategy(settings.strategy)
    with strategy.scope():
        model = weights.build(recipe, settings.precision)
    done = phases.run(recipe.model.phases(model, data, settings), settings, strategy.scope, resume, console)
    return Trained(recipe, model, facts, done, int(data.cardinality()), interrupted)
