"""The data side of a run: from images to examples, their checks, and what training and evaluation read."""

import dataclasses
import importlib
from pathlib import Path

from pipelines import tasks
from pipelines.console import Console
from pipelines.data import sources
from pipelines.data.preparations.base import Preparation
from pipelines.data.sources.base import Reading
from pipelines.data.validation.checked import Checked
from pipelines.recipe.base import Recipe
from pipelines.run import data_checks
from pipelines.run.steps import Steps
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.component import Kind, Source
from pipelines.runtime.engines import Workers

# What a run writes below its output; it never reads these folders as the user's images.
_OWN = ("examples", "statistics", "schemas", "validation", "prepared", "references", "runs", "saved_models")


@dataclasses.dataclass(frozen=True)
class Input:
    """One source of a run after reading.

    Attributes:
        examples: the images as records.
        checked: the result of the data checks.
        prepared: the prepared examples for training.
        judged: the prepared examples for the evaluation; usually the same.
    """

    examples: Artifact
    checked: Checked
    prepared: Artifact
    judged: Artifact


@dataclasses.dataclass(frozen=True)
class Data:
    """All data of a run.

    Attributes:
        inputs: the inputs by name; a single unnamed input has the empty string as its name.
        prepared: what training reads: the prepared directory of a single input, or a directory that names several.
        judged: what the evaluation reads, in the same form.
    """

    inputs: dict[str, Input]
    prepared: Artifact
    judged: Artifact


def run(recipe: Recipe, output: Path, workers: Workers, steps: Steps, console: Console) -> Data:
    """Runs ExampleGen, the data checks and Prepare for each input.

    Raises:
        UserError: the images or the schema cannot be used, or an anomaly is an error.
    """
    for source in recipe.inputs.values():
        data_checks.given(source)  # its faults are reported before any work
    inputs = {name: _input(recipe, name, output, workers, steps, console) for name in recipe.inputs}
    if len(inputs) == 1:
        (only,) = inputs.values()
        return Data(inputs, only.prepared, only.judged)

    def joined(of: dict[str, Artifact]) -> Artifact:
        from pipelines.data import join_inputs

        return steps.run(
            join_inputs.spec(of),
            of,
            lambda: join_inputs.join_inputs(of, output / "prepared" / "inputs"),
            lambda it: f"{' and '.join(of)}, {it.manifest['splits']['train']['records']:,} to train on in the largest",
        )

    prepared = joined({name: one.prepared for name, one in inputs.items()})
    judged = {name: one.judged for name, one in inputs.items()}
    same = all(one.judged is one.prepared for one in inputs.values())
    return Data(inputs, prepared, prepared if same else joined(judged))


def _input(recipe: Recipe, name: str, output: Path, workers: Workers, steps: Steps, console: Console) -> Input:
    """Reads one input, from its images to what training reads."""
    task, data, of = tasks.of(recipe), recipe.inputs[name], f"{name}: " if name else ""
    examples = steps.run(
        data.component,
        {"images": Source(Kind.IMAGES, data.where)},
        lambda: _examples(recipe, data, output, workers, console),
        lambda it: of + _counted(it, data.counted or task.nouns.examples, "held out"),
    )
    checked = data_checks.check(recipe, examples, output, workers, steps, console, name)

    def prepared(section: Preparation) -> Artifact:
        component = section.component(data.gives)
        module = importlib.import_module(f"pipelines.data.{component}")
        write = getattr(module, component)
        words = "to train on" if section.of_several else task.nouns.train

        def build() -> Artifact:
            home = output / "prepared" / section.preparation
            with console.preparing() as shown:
                options = {"max_failure_rate": data.max_failure_rate, "workers": workers, "tell": shown.update}
                return write(examples, home, section, **options)

        told = f"{of}{section.preparation}: "
        return steps.run(
            module.SPEC, {"examples": examples}, build, lambda it: told + _counted(it, words, task.nouns.held_out)
        )

    learnt = prepared(recipe.prepared_as(name))
    judged_on = task.judged_on(recipe)
    return Input(examples, checked, learnt, learnt if judged_on == recipe.prepare else prepared(judged_on))


def _examples(recipe: Recipe, data: sources.Source, output: Path, workers: Workers, console: Console) -> Artifact:
    """Reads the images as records."""
    with console.preparing() as shown:
        return data.read(
            Reading(
                home=output / "examples",
                exclude=tuple(output / name for name in _OWN),
                labels=tasks.of(recipe).judged_on(recipe).keeps_label,
                workers=workers,
                tell=shown.update,
                note=console.note,
            )
        )


def _counted(artifact: Artifact, train: str, held_out: str) -> str:
    splits, dead = artifact.manifest["splits"], artifact.manifest["dead_letters"]["records"]
    text = f"{splits['train']['records']:,} {train}"
    if "eval" in splits:  # pairs that are drawn have nothing to hold out
        text += f", {splits['eval']['records']:,} {held_out}"
    return f"{text}, {dead:,} dead {'letter' if dead == 1 else 'letters'}"
