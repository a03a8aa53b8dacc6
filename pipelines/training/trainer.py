"""Trainer: prepared examples and a recipe become trained weights and their history."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.recipe.base import Recipe
from pipelines.recipe.losses import Loss
from pipelines.runtime import code, store
from pipelines.runtime.component import Component, Kind
from pipelines.section import classes_of
from pipelines.training.publish import publish
from pipelines.training.worker import work

if TYPE_CHECKING:
    import tensorflow as tf

    from pipelines.console import Console

SPEC = Component("Trainer", {"examples": Kind.PREPARED}, Kind.WEIGHTS)


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
        "code": code.digest(
            work, publish, f"pipelines.tasks.{recipe.task}.data", type(recipe.sections), *classes_of(*sections)
        ),
        "versions": code.versions(),
    }


def train(
    recipe: Recipe,
    read: Callable[[], tf.data.Dataset],
    examples: Path,
    examples_digest: str,
    run: Path,
    console: Console,
) -> store.Output:
    """Trains, or continues an interrupted training, or finds a finished one.

    Args:
        recipe: settled.
        read: makes what training reads, `Task.batches`.
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
        lambda part: publish(work(recipe, read, examples, resume, console), part),
    )
    shutil.rmtree(resume, ignore_errors=True)
    return output


def _extractor_digest(loss: Loss) -> str | None:
    """The digest of the file that a perceptual loss takes its weights from, where it is one."""
    if loss.perceptual is None or loss.perceptual.weights is None:
        return None
    path = Path(loss.perceptual.weights)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
