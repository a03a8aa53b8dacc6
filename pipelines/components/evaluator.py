"""Evaluator: measures and judges the trained model, as its task says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pipelines.components import change
from pipelines.recipe.base import Recipe
from pipelines.recipe.method import Method
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.trial import Trial
from pipelines.runtime import code, device, store
from pipelines.runtime.component import Component, Kind
from pipelines.section import classes_of

SPEC = Component("Evaluator", {"trained": Kind.WEIGHTS, "examples": Kind.PREPARED}, Kind.EVALUATION)


class Judge(Protocol):
    """What the evaluator needs from a task."""

    @property
    def numbers(self) -> Numbers:
        """The numbers that evaluations measure."""
        ...

    def judged_by(self, recipe: Any) -> dict[str, Any]:
        """Returns a JSON value of everything that the evaluation depends on besides weights, data and code."""
        ...

    def evaluate(self, recipe: Any, trial: Trial) -> dict[str, Any]:
        """Measures the trained model."""
        ...


def evaluate(
    recipe: Recipe,
    task: Judge,
    examples: Path,
    content: str,
    trained_digest: str,
    model: Callable[[], Any],
    run: Path,
    shared: Path,
    last: change.Last | None = None,
) -> store.Output:
    """Measures the model and writes the result into ``run/evaluation``.

    Args:
        recipe: the completed recipe.
        task: the task of the recipe.
        examples: the directory of prepared examples; its split ``eval`` is held out from training.
        content: the digest of the directory's content.
        trained_digest: the digest of the training.
        model: makes the trained model when it is needed.
        run: the run's directory, locked by the caller.
        shared: the directory for what evaluations of several runs have in common.
        last: the last blessed model of the same name, from which the bounded changes are computed.

    Returns:
        The output. Its ``result``, also in ``evaluation.json``, is what the task's `evaluate` returns, with the
        comparisons with baselines, ``thresholds``, ``blessed`` and ``reasons`` not to bless; with ``notes`` too if the
        recipe bounds changes.
    """

    def build(part: Path) -> dict[str, Any]:
        return _evaluated(recipe, task, Trial(model, examples, content, part, shared), last)

    return store.make(run / "evaluation", inputs(recipe, task, content, trained_digest, last), build)


def inputs(recipe: Recipe, task: Judge, content: str, trained_digest: str, last: change.Last | None) -> dict[str, Any]:
    """Returns everything that the evaluation depends on; the arguments are those of `evaluate`."""
    return {
        "trained": trained_digest,
        "examples": content,
        **task.judged_by(recipe),
        **({"last": _known(last)} if recipe.evaluate.changes else {}),
        "code": code.digest(
            _evaluated,
            f"pipelines.tasks.{recipe.task}.measure",
            *classes_of(recipe.evaluate),  # the digest of the prepared examples stands for the preparation
            *([type(recipe.model)] if type(recipe.model).measure is not Method.measure else []),
        ),
    }


def _evaluated(recipe: Recipe, task: Judge, trial: Trial, last: change.Last | None) -> dict[str, Any]:
    """Measures the model, and writes the result into the directory of the trial."""
    device.start()
    result = task.evaluate(recipe, trial)
    result["numbers"] = task.numbers.compared(result["numbers"], result["baselines"])
    reasons = recipe.evaluate.against(result["numbers"], result.get("examples", {}))
    bounds = recipe.evaluate.model_dump(mode="json", include={"bless"})
    result |= {"thresholds": bounds, "blessed": not reasons, "reasons": reasons}
    if recipe.evaluate.changes:
        result |= _changed(recipe, result, _known(last), trial.content)
    store.write_json(trial.directory / "evaluation.json", result)
    return result


def _known(last: change.Last | None) -> dict[str, Any] | None:
    """Returns what matters of the last blessed model: its version, its numbers, and the data of their measurement."""
    if last is None:
        return None
    numbers = last.card["evaluation"].get("numbers", {})  # an older card may have none
    return {"version": last.version, "numbers": numbers, "content": last.card.get("data", {}).get("content")}


def _changed(recipe: Recipe, result: dict[str, Any], last: dict[str, Any] | None, content: str) -> dict[str, Any]:
    """Returns what the comparison with the last blessed model adds to an evaluation."""
    changes = recipe.evaluate.changes
    if last is None:
        asked = ", ".join(changes)
        return {
            "notes": [f"no other model was pushed as {recipe.export.name} yet: the change of {asked} was not asked"]
        }
    verdict = change.judge(changes, result["numbers"], last["numbers"], last["version"])
    other = [f"version {last['version']} was measured on other prepared data"] if last["content"] != content else []
    reasons = [*result["reasons"], *verdict.reasons]
    return {"reasons": reasons, "blessed": not reasons, "notes": [*verdict.notes, *other]}
