"""The order of the components, from images to the report and, if it is blessed, the SavedModel."""

import contextlib
import dataclasses
import functools
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from pipelines import tasks
from pipelines.components import card, evaluator, exporter, infra_validator, pusher
from pipelines.console import Console
from pipelines.recipe.base import Recipe
from pipelines.recipe.method import DatasetInfo
from pipelines.report import page
from pipelines.run import data_steps, reporting
from pipelines.run.steps import Steps
from pipelines.runtime import code, device, lineage, recording, store
from pipelines.runtime.engines import Workers
from pipelines.runtime.metadata import Metadata
from pipelines.runtime.recording import now
from pipelines.training import publish, trainer, weights


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The results of a run.

    Attributes:
        prepared: the directory of prepared examples.
        report: the HTML file.
        saved_model: the pushed SavedModel, or the one in the run's directory if it was not pushed.
        pushed: the version that was pushed or found unchanged; None if the model was refused.
        evaluation: the result of the evaluator.
        export: the results of the exporter and of the check of the SavedModel.
    """

    prepared: Path
    report: Path
    saved_model: Path
    pushed: pusher.Pushed | None
    evaluation: dict[str, Any]
    export: dict[str, Any]


def run(
    recipe: Recipe,
    output: Path,
    push_to: Path | None = None,
    workers: Workers = 1,
    console: Console | None = None,
    cache: bool = True,
) -> Outcome:
    """Runs a recipe from its images to a pushed model, and reuses existing results.

    Args:
        recipe: a checked recipe.
        output: the directory for everything that the run writes.
        push_to: the directory of served models; ``<output>/saved_models`` if None.
        workers: the number of processes that prepare data, or the engine that has them; the data do not depend on it.
        console: shows the progress.
        cache: whether to reuse existing results; otherwise everything is executed, and replaced when it is done.

    Raises:
        UserError: something that the user gave cannot be used.
    """
    console = console or Console()
    output = output.expanduser().resolve()
    store.check_writable(output, "--output")
    if push_to is None:
        home = output / "saved_models"
        pusher.claim(home)
    else:
        home = push_to.expanduser().resolve()
        store.check_writable(home, "--push-to")
    pusher.check(home / recipe.export.name, tasks.of(recipe).identity(recipe))
    metadata = Metadata(output)
    typed = shlex.join(["genssl", *sys.argv[1:]])
    caching = contextlib.nullcontext() if cache else store.without_cache()
    with recording.begin(metadata, recipe.name, typed) as record, caching:
        return _run(recipe, output, home, workers, console, record)


def _run(
    recipe: Recipe, output: Path, home: Path, workers: Workers, console: Console, record: recording.Recording
) -> Outcome:
    task, steps = tasks.of(recipe), Steps(console, record)
    data = data_steps.run(recipe, output, workers, steps, console)
    prepared, judged = data.prepared, data.judged

    labels = prepared.manifest.get("labels")
    count = prepared.manifest["splits"]["train"]["records"]
    recipe = trainer.complete(recipe, DatasetInfo(count, len(labels) if labels else None), device.has_bfloat16)
    read = functools.partial(task.batches, recipe, prepared.path)
    inputs = trainer.inputs(recipe, prepared.content)
    directory = output / "runs" / recipe.name / store.digest(inputs)[:12]
    store.sweep(directory)
    with store.exclusive(directory):
        started = now()
        trained = steps.run(
            trainer.SPEC,
            {"examples": prepared},
            lambda: trainer.train(recipe, read, prepared.path, prepared.content, directory, console),
            lambda it: f"{it.result['steps']:,} steps, {_losses(it.result['phases'])}",
        )
        model = functools.cache(lambda: weights.load(recipe, trained.path))
        last = pusher.last(home / recipe.export.name, trained.result["sha256"])
        evaluated = steps.run(
            evaluator.SPEC,
            {"trained": trained, "examples": judged},
            lambda: evaluator.evaluate(
                recipe, task, judged.path, judged.content, trained.digest, model, directory, output / "references", last
            ),
            lambda it: f"{task.numbers.summary(it.result)}: {'blessed' if it.result['blessed'] else 'not blessed'}",
        )
        for note in evaluated.result.get("notes", ()):
            console.note(note)
        exported = steps.run(
            exporter.SPEC,
            {"trained": trained},
            lambda: exporter.export(model, trained.digest, directory),
            lambda it: f"{it.result['bytes'] / 1e6:.2f} MB",
        )
        validated = steps.run(
            infra_validator.SPEC,
            {"exported": exported, "examples": judged},
            lambda: infra_validator.validate(model, judged.path, recipe, task, exported, directory),
            lambda it: "answers alike in a clean process" if it.result["checked"] else "FAILED in a clean process",
        )
        evaluation, export = evaluated.result, {**exported.result, **validated.result}
        training = {**trained.result, "seconds": trained.seconds}
        pushed = None
        if evaluation["blessed"] and export["checked"]:
            digest = store.digest({"weights": trained.result["sha256"], "export": exported.digest})
            facts = card.card(recipe, task, digest, prepared.manifest, training, evaluation, export, code.versions())
            if last is not None and (note := card.renumbered(last.card, facts)) is not None:
                console.note(note)
            pushed = steps.run(
                pusher.SPEC,
                {"model": exported, "evaluation": evaluated, "check": validated},
                lambda: pusher.push(
                    exported.path / "model",
                    home,
                    recipe.export.name,
                    facts,
                    lambda version: card.markdown(facts, version, task),
                    list(task.identity(recipe)),
                ),
                lambda it: f"{short(it.path)}{'' if it.new else ': unchanged, not pushed again'}",
            )
        contents = page.Contents(
            recipe=recipe,
            evaluation=evaluation,
            judgement=task.judgement(recipe, evaluation, evaluated.path),
            history=publish.history(trained.path),
            training=training,
            export=export,
            usage=task.usage(export["signatures"]),
            pushed=pushed.path if pushed else None,
            inputs={name: reporting.shown(task, one) for name, one in data.inputs.items()},
            steps=steps.done,
            versions=code.versions(),
            command=record.command,
            started=started,
            graph=lineage.of_run(record.metadata, record.number),
        )
        report = reporting.write(contents, directory)
        record.complete(
            directory,
            pushed.path if pushed else None,
            evaluation["blessed"],
            task.numbers.summary(evaluation),
            evaluation["numbers"],
        )
    saved_model = pushed.path if pushed else exported.path / "model"
    return Outcome(prepared.path, report, saved_model, pushed, evaluation, export)


def _losses(phases: dict[str, dict[str, Any]]) -> str:
    """Returns the losses at the end of the last phase."""
    losses = list(phases.values())[-1]["losses"]
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in losses.items())


def short(path: Path) -> str:
    """Returns the path as a user would type it: relative if it is below the current directory."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
