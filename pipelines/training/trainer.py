"""The Trainer: turns prepared examples and a recipe into trained weights and their history."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.recipe.base import Recipe
from pipelines.recipe.losses import Loss
from pipelines.recipe.method import DatasetInfo
from pipelines.runtime import code, store
from pipelines.runtime.component import Component, Kind
from pipelines.section import classes_of
from pipelines.training.publish import publish
from pipelines.training.worker import work

if TYPE_CHECKING:
    import tensorflow as tf

    from pipelines.console import Console

SPEC = Component("Trainer", {"examples": Kind.PREPARED}, Kind.WEIGHTS)


def complete(recipe: Recipe, info: DatasetInfo, bfloat16: Callable[[], bool]) -> Recipe:
    """Completes the recipe with what only the data and the device can tell.

    Args:
        recipe: a checked recipe.
        info: describes the prepared data.
        bfloat16: says whether the device computes in bfloat16; calling it imports TensorFlow, so it is called only if
            the precision is ``auto``.

    Raises:
        UserError: the method needs other data.
    """
    update: dict[str, Any] = {"model": recipe.model.with_dataset_info(info)}
    if recipe.train.precision == "auto":
        precision = "mixed_bfloat16" if bfloat16() else "float32"
        update["train"] = recipe.train.model_copy(update={"precision": precision})
    return recipe.model_copy(update=update)


def inputs(recipe: Recipe, examples_digest: str) -> dict[str, Any]:
    """Returns everything that the trained weights of a completed recipe depend on; its digest names the run.

    The number of training devices is left out, because several devices compute what one computes. The code of the
    preparation is left out too, because the digest of the prepared examples stands for it.
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
    """Trains, continues an interrupted training, or finds a finished one.

    Args:
        recipe: the completed recipe.
        read: makes the dataset that training reads (`Task.batches`).
        examples: the directory of prepared examples.
        examples_digest: the digest of that directory.
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
    """Returns the digest of the file with a perceptual loss's weights; None if they are not from a file."""
    if loss.perceptual is None or loss.perceptual.weights is None:
        return None
    path = Path(loss.perceptual.weights)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
