"""Evaluator: the trained model measured and judged, as its task says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pipelines.components import change
from pipelines.recipe.base import Recipe
from pipelines.recipe.method import Method
from pipelines.recipe.numbers import Numbers
from pipelines.runtime import code, device, store
from pipelines.runtime.component import Component, Kind
from pipelines.section import classes_of

SPEC = Component("Evaluator", {"trained": Kind.WEIGHTS, "examples": Kind.PREPARED}, Kind.EVALUATION)


class Judge(Protocol):
    """What is asked of a task."""

    @property
    def numbers(self) -> Numbers:
        """What evaluations measure."""
        ...

    def judged_by(self, recipe: Any) -> dict[str, Any]:
        """JSON value of all that the evaluation depends on besides weights, data and code."""
        ...

    def evaluate(
        self, recipe: Any, model: Callable[[], Any], examples: Path, content: str, directory: Path, shared: Path
    ) -> dict[str, Any]:
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
    """Measures the model into ``run/evaluation``.

    Args:
        recipe: settled.
        task: of the recipe.
        examples: the prepared directory; its split ``eval`` is what training never saw.
        content: the digest of what is in it.
        trained_digest: the digest of the training.
        model: makes the trained model when it is needed.
        run: the run's directory, locked by the caller.
        shared: for what evaluations of several runs have in common.
        last: the last blessed model of the same name, with which the changes that the recipe bounds are taken.

    Returns:
        The output; its ``result``, also in ``evaluation.json``, is what the task's `evaluate` returns, with the
        comparisons to its baselines, ``thresholds``, ``blessed`` and ``reasons`` against the blessing; where changes
        are bounded, with ``notes``.
    """

    def build(part: Path) -> dict[str, Any]:
        return _evaluated(recipe, task, examples, content, model, part, shared, last)

    return store.make(run / "evaluation", inputs(recipe, task, content, trained_digest, last), build)


def inputs(recipe: Recipe, task: Judge, content: str, trained_digest: str, last: change.Last | None) -> dict[str, Any]:
    """Everything that the evaluation depends on; the arguments are those of `evaluate`."""
    return {
        "trained": trained_digest,
        "examples": content,
        **task.judged_by(recipe),
        **({"last": _known(last)} if recipe.evaluate.changes else {}),
        "code": code.digest(
            _evaluated,
            f"pipelines.tasks.{recipe.task}.measure",
            *classes_of(recipe.evaluate),  # what is prepared counts by its digest
            *([type(recipe.model)] if type(recipe.model).measure is not Method.measure else []),
        ),
    }


def _evaluated(
    recipe: Recipe,
    task: Judge,
    examples: Path,
    content: str,
    model: Callable[[], Any],
    part: Path,
    shared: Path,
    last: change.Last | None,
) -> dict[str, Any]:
    """Measures the model into ``part``."""
    device.start()
    result = task.evaluate(recipe, model, examples, content, part, shared)
    result["numbers"] = task.numbers.compared(result["numbers"], result["baselines"])
    reasons = recipe.evaluate.against(result["numbers"], result.get("examples", {}))
    bounds = recipe.evaluate.model_dump(mode="json", include={"bless"})
    result |= {"thresholds": bounds, "blessed": not reasons, "reasons": reasons}
    if recipe.evaluate.changes:
        result |= _changed(recipe, result, _known(last), content)
    store.write_json(part / "evaluation.json", result)
    return result


def _known(last: change.Last | None) -> dict[str, Any] | None:
    """What counts of the last blessed model: its version, its numbers, and the data that they were measured on."""
    if last is None:
        return None
    numbers = last.card["evaluation"].get("numbers", {})  # a card of a version before may have none
    return {"version": last.version, "numbers": numbers, "content": last.card.get("data", {}).get("content")}


def _changed(recipe: Recipe, result: dict[str, Any], last: dict[str, Any] | None, content: str) -> dict[str, Any]:
    """What the change against the last blessed model adds to an evaluation."""
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
