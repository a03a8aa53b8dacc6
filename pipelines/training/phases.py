"""The phases of a training, one after the other. A new run continues a killed phase with bit-identical results."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError
from pipelines.recipe.phase import Phase
from pipelines.recipe.training import Train
from pipelines.runtime import device

if TYPE_CHECKING:
    import tensorflow as tf

    from pipelines.console import Console

Scope = Callable[[], contextlib.AbstractContextManager[Any]]


@dataclasses.dataclass(frozen=True)
class Done:
    """What a finished phase leaves besides the weights.

    Attributes:
        name: the name of the phase.
        steps: the number of steps.
        epochs: the number of epochs; the last one counts even if it was cut short.
        history: metric -> one value per epoch.
    """

    name: str
    steps: int
    epochs: int
    history: dict[str, list[float]]


def run(phases: Iterator[Phase], settings: Train, scope: Scope, resume: Path, console: Console) -> list[Done]:
    """Trains all phases to their ends, from the beginning or from where they were interrupted.

    Args:
        phases: the phases of `Method.phases`. A phase that is made from what an earlier phase learnt draws from a seed
            of its own, so that a process that continues with it draws the same.
        settings: seed, batch size, precision and the steps between two states.
        scope: makes a scope of the strategy, in which phases are made and compiled.
        resume: the directory of saved states; each phase has its own directory in it.
        console: shows the progress.

    Raises:
        UserError: a loss became NaN or infinite; ``resume`` is then removed.
        ValueError: two phases have the same name, or the first phase continues optimizers.
    """
    import keras

    done: list[Done] = []
    while True:
        if done:
            keras.utils.set_random_seed(settings.seed + len(done))
        with scope():
            phase = next(phases, None)
            if phase is None:
                return done
            if any(phase.name == earlier.name for earlier in done):
                raise ValueError(f"A phase must have a name of its own. Received: {phase.name!r} twice")
            if phase.updates is None and not done:
                raise ValueError(f"The first phase must have `updates`. Received: updates=None for {phase.name!r}")
            compile_model(phase)
        size, precision = settings.batch_size, settings.precision
        console.note(f"{phase.name}: {phase.steps:,} steps of {size} on {device.start()} in {precision}")
        try:
            done.append(fit(phase, resume / phase.name.replace(" ", "_"), settings.checkpoint_steps, console))
        except FloatingPointError as error:
            shutil.rmtree(resume, ignore_errors=True)
            raise UserError(f"The {phase.name} diverged: {error}; lower its learning_rate.initial") from error


def compile_model(phase: Phase) -> None:
    """Compiles the model of a phase with new optimizers, unless the phase continues those of the phase before.

    A schedule is as long as the number of its player's updates; one step can make several.
    """
    from keras_genssl import engine

    model, updates = phase.model, phase.updates
    if updates is None:
        return
    if isinstance(model, engine.PlayersModel):
        rounds = model.rounds()
        counts = {player: sum(player in players for players in rounds) for player in model.players()}
        model.compile({player: updates.optimizer_of(player, phase.steps * count) for player, count in counts.items()})
    else:
        model.compile(optimizer=updates.optimizer_of(None, phase.steps))


def fit(phase: Phase, resume: Path, checkpoint_steps: int, console: Console) -> Done:
    """Trains a phase to its end, from its beginning or from where it was interrupted.

    If the phase has already ended, its weights and its optimizers are restored.

    Args:
        phase: the phase, with its model compiled.
        resume: the directory of this phase's saved state.
        checkpoint_steps: the number of steps between two states.
        console: shows the progress.

    Raises:
        FloatingPointError: the loss became NaN or infinite.
    """
    import tensorflow as tf

    from keras_genssl import callbacks
    from pipelines.training.callbacks import Follow

    data: tf.data.Dataset = phase.data
    epochs = math.ceil(phase.steps / int(data.cardinality()))
    state = callbacks.Resume(resume, data, every=checkpoint_steps)
    try:
        with console.training(phase.steps) as progress:
            watch = [state, Follow(progress, data.order, phase.steps)]
            phase.model.fit(data, epochs=epochs, callbacks=watch, shuffle=False, verbose=0)
    except tf.errors.InvalidArgumentError as error:
        told = re.search(r"All losses of \w+ must be finite", str(error))  # `engine.finite`
        if told is None:
            raise
        raise FloatingPointError(told[0]) from error
    history = {name: [logs[name] for logs in state.history] for name in state.history[-1]}
    return Done(phase.name, phase.steps, epochs, history)
