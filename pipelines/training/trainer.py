"""Trainer: prepared examples and a recipe become trained weights and their history."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError
from pipelines.recipe.base import Recipe
from pipelines.recipe.losses import Loss
from pipelines.runtime import code, device, store
from pipelines.runtime.component import Component, Kind
from pipelines.section import classes_of
from pipelines.tasks import images
from pipelines.training import phases

if TYPE_CHECKING:
    import keras

    from pipelines.console import Console
    from pipelines.tasks.base import Task

SPEC = Component("Trainer", {"examples": Kind.PREPARED}, Kind.WEIGHTS)
WEIGHTS = "model.weights.h5"
_MEASURED = "measured.json"


def settled(
    recipe: Recipe, bfloat16: Callable[[], bool], num_classes: int | None = None, num_examples: int | None = None
) -> Recipe:
    """The recipe with what only the device and the data tell.

    Args:
        recipe: a checked recipe.
        bfloat16: says whether the device computes in it, which imports TensorFlow; asked where the precision is
            ``auto``, for what that stands for.
        num_classes: of the prepared data, None where they have no labels.
        num_examples: of the prepared data, to train on.

    Raises:
        UserError: the method needs other data.
    """
    update: dict[str, Any] = {"model": recipe.model.settled(num_classes, num_examples)}
    if recipe.train.precision == "auto":
        precision = "mixed_bfloat16" if bfloat16() else "float32"
        update["train"] = recipe.train.model_copy(update={"precision": precision})
    return recipe.model_copy(update=update)


def inputs(recipe: Recipe, examples_digest: str) -> dict[str, Any]:
    """Everything that the trained weights depend on; its digest names the run. The recipe is `settled`.

    How many devices train is none of it: they compute what one computes. Nor is the code of the preparation, for what
    it has made counts by its digest.
    """
    train = recipe.train.model_dump(mode="json", exclude={"checkpoint_steps", "strategy"})
    loss = recipe.sections.loss
    sections = [recipe.model, recipe.train, *([] if loss is None else [loss])]
    return {
        "examples": examples_digest,
        "prepare": recipe.prepare.model_dump(mode="json"),
        "model": recipe.model.model_dump(mode="json"),
        **({} if loss is None else {"loss": loss.model_dump(mode="json") | {"weights": _extractor_digest(loss)}}),
        "train": train,
        "code": code.digest(_fit, f"pipelines.tasks.{recipe.task}.data", type(recipe.sections), *classes_of(*sections)),
        "versions": code.versions(),
    }


def train(
    recipe: Recipe, task: Task[Any], examples: Path, examples_digest: str, run: Path, console: Console
) -> store.Output:
    """Trains, or continues an interrupted training, or finds a finished one.

    Args:
        recipe: a checked recipe.
        task: of the recipe.
        examples: the prepared directory.
        examples_digest: its digest.
        run: the run's directory, locked by the caller. ``run/train`` is published when training
            has ended; until then ``run/train.resume`` holds what an interrupted training needs.
        console: shows the progress.

    Raises:
        UserError: there are too few examples, or the loss became NaN or infinite.
    """
    resume = run / "train.resume"
    if not store.is_caching():
        shutil.rmtree(resume, ignore_errors=True)
    output = store.make(
        run / "train",
        inputs(recipe, examples_digest),
        lambda part: _fit(recipe, task, examples, part, resume, console),
    )
    shutil.rmtree(resume, ignore_errors=True)
    return output


def build(recipe: Recipe, precision: str = "float32") -> keras.Model:
    """The recipe's model, not compiled.

    Raises:
        UserError: the library refuses the parameters.
    """
    device.start()
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return recipe.model.build(recipe.sections)
    except (ValueError, OSError) as error:
        raise UserError(*f"The model of recipe `{recipe.name}` cannot be built: {error}".splitlines()) from error
    finally:
        keras.config.set_dtype_policy(before)


def load(recipe: Recipe, trained: Path) -> keras.Model:
    """The recipe's model with the trained weights."""
    measured = trained / _MEASURED
    if measured.is_file():
        recipe = _informed(recipe, json.loads(measured.read_text(encoding="utf-8")))
    model = build(recipe)
    model.load_weights(trained / WEIGHTS)
    return model


def _informed(recipe: Recipe, facts: dict[str, Any]) -> Recipe:
    """The recipe with what its method measured of the examples."""
    return recipe.model_copy(update={"model": recipe.model.informed(facts)})


def history(trained: Path) -> dict[str, dict[str, list[float]]]:
    """The history of a training: phase -> metric -> one value per epoch."""
    return json.loads((trained / "history.json").read_text(encoding="utf-8"))


def _extractor_digest(loss: Loss) -> str | None:
    """The digest of the file that a perceptual loss takes its weights from, where it is one."""
    if loss.perceptual is None or loss.perceptual.weights is None:
        return None
    path = Path(loss.perceptual.weights)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _fit(recipe: Recipe, task: Task[Any], examples: Path, part: Path, resume: Path, console: Console) -> dict[str, Any]:
    """Trains into ``part``; the state between interruptions is in ``resume``."""
    device.start()
    import keras

    from keras_genssl import engine

    settings = recipe.train
    keras.utils.set_random_seed(settings.seed)
    try:
        dataset = task.training_data(recipe, examples)
        steps_per_epoch = int(dataset.cardinality())
    except ValueError:
        if images.count(examples, "train") >= settings.batch_size:
            raise
        steps_per_epoch = 0
    if steps_per_epoch < 1:
        raise UserError(
            f"{examples}: there are fewer {task.nouns.train} than one batch of {settings.batch_size}; "
            f"{task.nouns.remedy}"
        )
    facts = recipe.model.measured(examples)
    if facts:
        store.write_json(part / _MEASURED, facts)
        recipe = _informed(recipe, facts)
    interrupted = resume.is_dir()
    with engine.strategy(settings.strategy).scope():
        model = build(recipe, settings.precision)
        planned = phases.plan(recipe, model, steps_per_epoch)
    history = {}
    for phase in planned:
        console.note(
            f"{phase.name}: {phase.total:,} steps of {settings.batch_size} on {device.start()} in {settings.precision}"
        )
        state = resume / phase.name.replace(" ", "_")
        try:
            history[phase.name] = phases.fit(phase, dataset, state, settings.checkpoint_steps, console)
        except FloatingPointError as error:
            shutil.rmtree(resume, ignore_errors=True)
            raise UserError(f"The {phase.name} diverged: {error}; lower its learning_rate.initial") from error
    plain = build(recipe)  # without optimizers, whose state a weights file would hold too
    plain.set_weights(model.get_weights())
    plain.save_weights(part / WEIGHTS)
    store.write_json(part / "history.json", history)
    return {
        "phases": {
            phase.name: {
                "steps": phase.total,
                "epochs": phase.epochs,
                "losses": {name: values[-1] for name, values in history[phase.name].items() if "loss" in name},
            }
            for phase in planned
        },
        "steps": sum(phase.total for phase in planned),
        "steps_per_epoch": steps_per_epoch,
        "weights": sum(math.prod(weight.shape) for weight in recipe.model.served(plain).trainable_weights),
        "device": device.start(),
        "interrupted": interrupted,
        "sha256": hashlib.sha256(b"".join(array.tobytes() for array in plain.get_weights())).hexdigest(),
    }
