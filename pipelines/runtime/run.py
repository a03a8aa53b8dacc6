"""The order of the components: images in; report and, when it is blessed, SavedModel out."""

import dataclasses
import datetime
import functools
import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import tasks
from pipelines.components import card, evaluator, exporter, pusher, trainer
from pipelines.console import Console
from pipelines.report import page
from pipelines.report.judgement import Picture
from pipelines.runtime import code, device, store
from pipelines.schema import Recipe
from pipelines.schema.images import Preparation


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run left behind.

    Attributes:
        prepared: the prepared directory.
        report: the HTML file.
        saved_model: the pushed SavedModel, or, where it was not pushed, the one in the run's directory.
        pushed: the version pushed or found unchanged; None where the model was refused.
        evaluation: the result of the evaluator.
        export: the result of the exporter.
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
    workers: int = 1,
    console: Console | None = None,
) -> Outcome:
    """Runs a recipe from its images to a pushed model; what is there already is reused.

    Args:
        recipe: a checked recipe.
        output: the directory for everything that the run writes.
        push_to: the directory of served models; ``<output>/saved_models`` when None.
        workers: processes that prepare data; they do not change a byte of it.
        console: shows the progress.

    Raises:
        UserError: something that the user gave cannot be used.
    """
    console = console or Console()
    steps = _Steps(console)
    output = output.expanduser().resolve()
    store.check_writable(output, "--output")
    if push_to is None:
        home = output / "saved_models"
        pusher.claim(home)
    else:
        home = push_to.expanduser().resolve()
        store.check_writable(home, "--push-to")
    task = tasks.of(recipe)
    identity = task.identity(recipe)
    pusher.check(home / recipe.export.name, identity)
    examples, prepared, judged = _prepare(recipe, output, workers, steps, console)

    labels = prepared.manifest.get("labels")
    count = prepared.manifest["splits"]["train"]["records"]
    recipe = trainer.settled(recipe, device.has_bfloat16(), len(labels) if labels else None, count)
    inputs = trainer.inputs(recipe, prepared.content)
    directory = output / "runs" / recipe.name / store.digest(inputs)[:12]
    store.sweep(directory)
    with store.exclusive(directory):
        started = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
        trained = steps.run(
            "Trainer",
            lambda: trainer.train(recipe, prepared.path, prepared.content, directory, console),
            lambda it: f"{it.result['steps']:,} steps, {_losses(it.result['phases'])}",
        )
        model = functools.cache(lambda: trainer.load(recipe, trained.path))
        evaluated = steps.run(
            "Evaluator",
            lambda: evaluator.evaluate(
                recipe, judged.path, judged.content, trained.digest, model, directory, output / "references"
            ),
            lambda it: f"{task.summary(it.result)}: {'blessed' if it.result['blessed'] else 'not blessed'}",
        )
        exported = steps.run(
            "Exporter",
            lambda: exporter.export(model, judged.path, recipe, trained.digest, directory),
            lambda it: (
                f"{it.result['bytes'] / 1e6:.2f} MB, "
                f"{'checked in a clean process' if it.result['checked'] else 'FAILED its check'}"
            ),
        )
        evaluation, export = evaluated.result, exported.result
        training = {**trained.result, "seconds": trained.seconds}
        command = shlex.join(["genssl", *sys.argv[1:]])
        pushed = None
        if evaluation["blessed"] and export["checked"]:
            digest = store.digest({"weights": trained.result["sha256"], "export": exported.digest})
            facts = card.card(recipe, digest, prepared.manifest["statistics"], training, evaluation, code.versions())
            pushed = steps.run(
                "Pusher",
                lambda: pusher.push(
                    exported.path / "model",
                    home,
                    recipe.export.name,
                    facts,
                    lambda version: card.markdown(facts, version),
                    list(identity),
                ),
                lambda it: f"{short(it.path)}{'' if it.new else ': unchanged, not pushed again'}",
                reused=lambda it: not it.new,
            )
        contents = page.Contents(
            recipe=recipe,
            evaluation=evaluation,
            pictures=evaluated.path,
            history=trainer.history(trained.path),
            training=training,
            export=export,
            pushed=pushed.path if pushed else None,
            data=_statistics(task, examples, prepared),
            examples=_picture(prepared),
            dead_letters=[*examples.dead_letters, *prepared.dead_letters],
            steps=steps.done,
            versions=code.versions(),
            command=command,
            started=started,
        )
        report = directory / "report.html"
        store.write_text(report, page.render(contents))
        store.write_json(
            directory / "metrics.json",
            {
                "recipe": recipe.model_dump(mode="json", exclude={"full_scale"}),
                "evaluation": evaluation,
                "training": training,
                "export": export,
                "versions": code.versions(),
                "command": command,
                "components": [dataclasses.asdict(step) for step in steps.done],
            },
        )
    saved_model = pushed.path if pushed else exported.path / "model"
    return Outcome(prepared.path, report, saved_model, pushed, evaluation, export)


def _prepare(recipe: Recipe, output: Path, workers: int, steps: "_Steps", console: Console) -> tuple[Any, ...]:
    """ExampleGen and Prepare: the examples, what training reads, and what the task is judged on."""
    from pipelines.components.prepare import prepare

    words, data, judged_on = tasks.of(recipe).words, recipe.data, tasks.of(recipe).judged_on(recipe)
    examples = steps.run(
        "DatasetExampleGen" if data.source == "dataset" else "ImageExampleGen",
        lambda: _examples(recipe, output, workers, console),
        lambda it: _counted(it, words.examples, "held out"),
    )

    def write(section: Preparation) -> Any:
        with console.preparing() as shown:
            return prepare(
                examples,
                output / "prepared" / section.preparation,
                section.preparation,
                section.model_dump(exclude={"preparation", *section.later}),
                max_failure_rate=data.max_failure_rate,
                workers=workers,
                tell=shown.update,
            )

    def count(it: Any) -> str:
        return _counted(it, words.train, words.held_out)

    prepared = steps.run("Prepare", lambda: write(recipe.prepare), count)
    if judged_on == recipe.prepare:
        return examples, prepared, prepared
    return examples, prepared, steps.run(f"Prepare {judged_on.preparation}", lambda: write(judged_on), count)


def _examples(recipe: Recipe, output: Path, workers: int, console: Console) -> Any:
    """The images as records, from a data set or from files."""
    from pipelines.components import preparations

    data = recipe.data
    if data.source == "dataset":
        from pipelines.components.dataset_example_gen import dataset_example_gen

        assert data.dataset is not None  # the schema sees to it
        splits = {"train": data.train_split, "eval": data.eval_split}
        with console.preparing() as shown:
            home = output / "examples" / "dataset"
            return dataset_example_gen(data.dataset, home, splits, workers=workers, tell=shown.update)
    from pipelines.components.image_example_gen import image_example_gen

    source: Any = data.folder
    if data.source == "embedded":
        device.start()  # keras_genssl.data imports TensorFlow
        from keras_genssl.data import embedded_photographs

        source = embedded_photographs(colour_only=False)
    split: dict[str, Any] = {"train": 1 - data.eval_fraction, "eval": data.eval_fraction}
    if data.held_out is not None:
        split = {"eval": data.held_out}
    with console.preparing() as shown:
        return image_example_gen(
            source,
            output / "examples" / "photographs",
            split,
            exclude=[output / name for name in ("examples", "prepared", "references", "runs", "saved_models")],
            max_failure_rate=data.max_failure_rate,
            labels=preparations.make(tasks.of(recipe).judged_on(recipe).preparation, {}).keeps_label,
            workers=workers,
            tell=shown.update,
        )


def _counted(artifact: Any, train: str, held_out: str) -> str:
    splits, dead = artifact.manifest["splits"], artifact.manifest["dead_letters"]["records"]
    text = f"{splits['train']['records']:,} {train}, {splits['eval']['records']:,} {held_out}"
    return f"{text}, {dead:,} dead {'letter' if dead == 1 else 'letters'}"


def _picture(prepared: Any) -> Picture:
    """The picture of the prepared examples."""
    from pipelines.components import examples_picture

    return Picture(prepared.path / examples_picture.FILE, examples_picture.caption(prepared.manifest["features"]))


def _statistics(task: tasks.Task, examples: Any, prepared: Any) -> dict[str, Any]:
    """The table of the report."""
    shards = [shard for split in prepared.manifest["splits"].values() for shard in split["shards"]]
    labels = prepared.manifest.get("labels")
    return {
        **task.statistics(examples.manifest, prepared.manifest),
        **({"classes": len(labels)} if labels else {}),
        "shards": len(shards),
        "prepared": f"{sum(shard['bytes'] for shard in shards) / 1e6:.1f} MB",
        "digest": prepared.digest[:12],
    }


def _losses(phases: dict[str, dict[str, Any]]) -> str:
    """The losses at the end of the last phase."""
    losses = list(phases.values())[-1]["losses"]
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in losses.items())


class _Steps:
    """Times components, prints a line for each and keeps what the report says of them."""

    def __init__(self, console: Console):
        self._console = console
        self.done: list[page.Step] = []

    def run(
        self,
        name: str,
        component: Callable[[], Any],
        summary: Callable[[Any], str],
        reused: Callable[[Any], bool] = lambda output: output.reused,
    ) -> Any:
        """Runs one component."""
        started = time.perf_counter()
        output = component()
        step = page.Step(name, reused(output), round(time.perf_counter() - started, 2), summary(output))
        self.done.append(step)
        self._console.component(step.name, step.reused, step.seconds, step.summary)
        return output


def short(path: Path) -> str:
    """The path from here where it lies below, as a user would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
