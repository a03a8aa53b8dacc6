"""Evaluator: the trained model measured and judged, as its task says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import tasks
from pipelines.runtime import code, device, store
from pipelines.runtime.component import Component, Kind
from pipelines.schema import Recipe

SPEC = Component("Evaluator", {"trained": Kind.WEIGHTS, "examples": Kind.PREPARED}, Kind.EVALUATION)


def evaluate(
    recipe: Recipe,
    examples: Path,
    content: str,
    trained_digest: str,
    model: Callable[[], Any],
    run: Path,
    shared: Path,
) -> store.Output:
    """Measures the model into ``run/evaluation``.

    Args:
        recipe: settled.
        examples: the prepared directory; its split ``eval`` is what training never saw.
        content: the digest of what is in it.
        trained_digest: the digest of the training.
        model: makes the trained model when it is needed.
        run: the run's directory, locked by the caller.
        shared: for what evaluations of several runs have in common.

    Returns:
        The output; its ``result`` is what the task's `evaluate` returns, also in ``evaluation.json``.
    """
    task = tasks.of(recipe)
    inputs = {
        "trained": trained_digest,
        **task.judged_by(recipe),
        "code": code.digest("pipelines.components.evaluator", f"pipelines.tasks.{recipe.task}.measure"),
    }

    def build(part: Path) -> dict[str, Any]:
        device.start()
        result = task.evaluate(recipe, model, examples, content, part, shared)
        store.write_json(part / "evaluation.json", result)
        return result

    return store.make(run / "evaluation", inputs, build)
