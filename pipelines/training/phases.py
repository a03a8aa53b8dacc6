"""The phases of a training: each one `fit`, of its own length, that a kill interrupts and a new run continues."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.console import Console
from pipelines.recipe.base import Recipe
from pipelines.recipe.training import Adam, Train
from pipelines.tasks.super_resolution.recipe import WarmStart
from pipelines.training.schedules import schedule

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

WARM_START = "warm start"


@dataclasses.dataclass(frozen=True)
class Phase:
    """A compiled model and how long it is trained.

    Attributes:
        name: what people read.
        model: compiled; the phases of a training share weights.
        epochs: the last one counted even if it is cut short.
        total: steps in all.
    """

    name: str
    model: keras.Model
    epochs: int
    total: int


def plan(recipe: Recipe, model: keras.Model, steps_per_epoch: int) -> list[Phase]:
    """The phases of a recipe's training, in order; compiles their models, in the scope of a strategy.

    All are made before the first one runs, so that what is drawn at random while they are made is the
    same in a process that continues with the second.

    Args:
        recipe: a checked recipe.
        model: the recipe's, not compiled; the last phase trains it.
        steps_per_epoch: of the data.
    """
    settings, phases = recipe.train, []
    warm: WarmStart | None = getattr(settings, "warm_start", None)
    if warm is not None:
        start = recipe.model.warm_start(model, warm.pixel)
        start.compile(optimizer=_adam(warm.learning_rate, warm.steps))
        phases.append(Phase(WARM_START, start, math.ceil(warm.steps / steps_per_epoch), warm.steps))
    total = settings.length(steps_per_epoch)
    recipe.model.compile(model, lambda player: _optimizer(settings, player, total * _updates(model, player)))
    return [*phases, Phase(recipe.model.training, model, math.ceil(total / steps_per_epoch), total)]


def fit(
    phase: Phase, dataset: tf.data.Dataset, resume: Path, checkpoint_steps: int, console: Console
) -> dict[str, list[float]]:
    """Trains a phase to its end, from its beginning or from where it was interrupted.

    A phase that has ended has its weights restored.

    Args:
        phase: of `plan`.
        dataset: of `data.load`.
        resume: the directory of the phase's state between interruptions; no other phase's.
        checkpoint_steps: steps between two states.
        console: shows the progress.

    Returns:
        The history: metric -> one value per epoch.

    Raises:
        FloatingPointError: the loss became NaN or infinite.
    """
    import tensorflow as tf

    from keras_genssl import callbacks
    from pipelines.training.callbacks import Follow

    state = callbacks.Resume(resume, dataset, every=checkpoint_steps)
    with console.training(phase.total) as progress:
        watch = [state, Follow(progress, dataset.order, phase.total)]
        try:
            phase.model.fit(dataset, epochs=phase.epochs, callbacks=watch, shuffle=False, verbose=0)
        except tf.errors.InvalidArgumentError as error:
            told = re.search(r"All losses of \w+ must be finite", str(error))  # `engine.finite`
            if told is None:
                raise
            raise FloatingPointError(told[0]) from error
    return {name: [logs[name] for logs in state.history] for name in state.history[-1]}


def _updates(model: keras.Model, player: str | None) -> int:
    """How often a step updates a player: a critic plays more rounds than a generator."""
    return 1 if player is None else sum(player in players for players in model.rounds())


def _optimizer(settings: Train, player: str | None, total: int) -> keras.Optimizer:
    """A new optimizer for a player, or for None, all that there is; it makes ``total`` updates."""
    kind = getattr(settings, "optimizer", "adam")
    if kind != "adam":
        return _with_momentum(kind, settings, total)
    own = settings.optimizers.get(player or "", Adam())
    average = getattr(settings, "ema", None)
    return _adam(
        settings.learning_rate if own.learning_rate is None else own.learning_rate,
        total,
        beta_1=settings.beta_1 if own.beta_1 is None else own.beta_1,
        beta_2=settings.beta_2 if own.beta_2 is None else own.beta_2,
        **({} if average is None else {"use_ema": True, "ema_momentum": average}),
        **({"weight_decay": decay} if (decay := getattr(settings, "weight_decay", 0.0)) else {}),
    )


def _with_momentum(kind: str, settings: Any, total: int) -> keras.Optimizer:
    """SGD or LARS."""
    import keras

    from keras_genssl import optimizers

    rate, decay = schedule(settings.learning_rate, total), settings.weight_decay
    if kind == "lars":
        return optimizers.LARS(rate, settings.momentum, decay)
    return keras.optimizers.SGD(rate, settings.momentum, weight_decay=decay or None)


def _adam(rate: Any, total: int, **options: Any) -> keras.Optimizer:
    import keras

    return keras.optimizers.Adam(schedule(rate, total), **options)
