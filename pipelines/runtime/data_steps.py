"""The data side of a run: images to examples, what is wrong with them, and what training and evaluation read."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import tasks
from pipelines.console import Console
from pipelines.data import sources
from pipelines.data.sources.base import PAIRS, Reading
from pipelines.recipe.base import Recipe
from pipelines.recipe.preparations.groups import Groups
from pipelines.recipe.preparations.images import Preparation
from pipelines.recipe.preparations.pretext import FrameTuples
from pipelines.runtime import data_checks
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.component import Component, Kind, Source
from pipelines.runtime.engines import Workers
from pipelines.runtime.steps import Steps

# What a run writes below its output, and never reads as the user's images.
_OWN = ("examples", "statistics", "schemas", "validation", "prepared", "references", "runs", "saved_models")


@dataclasses.dataclass(frozen=True)
class Input:
    """One source of a run, read.

    Attributes:
        examples: the images as records.
        checked: what was found in them.
        prepared: what training reads of them.
        judged: what the task is judged on; mostly the same.
    """

    examples: Artifact
    checked: data_checks.Checked
    prepared: Artifact
    judged: Artifact


@dataclasses.dataclass(frozen=True)
class Data:
    """What a run reads of its images.

    Attributes:
        inputs: by name; the name of one that has none is the empty string.
        prepared: what training reads: of one input what is prepared of it, of several a directory that names them.
        judged: what the task is judged on, likewise.
    """

    inputs: dict[str, Input]
    prepared: Artifact
    judged: Artifact


def run(recipe: Recipe, output: Path, workers: Workers, steps: Steps, console: Console) -> Data:
    """ExampleGen, the checks of the data, and Prepare, of each input.

    Raises:
        UserError: if the images cannot be used, the schema neither, or an anomaly is an error.
    """
    for source in recipe.inputs.values():
        data_checks.given(source)  # its faults before any work
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
    """One input, from its images to what training reads of them."""
    task, data, of = tasks.of(recipe), recipe.inputs[name], f"{name}: " if name else ""
    examples = steps.run(
        data.component,
        {"images": Source(Kind.IMAGES, data.where)},
        lambda: _examples(recipe, data, output, workers, console),
        lambda it: of + _counted(it, data.counted or task.nouns.examples, "held out"),
    )
    checked = data_checks.check(recipe, examples, output, workers, steps, console, name)

    def prepared(section: Preparation) -> Artifact:
        spec, write = _preparing(section, data)
        words = "to train on" if isinstance(section, Groups | FrameTuples) else task.nouns.train

        def build() -> Artifact:
            home = output / "prepared" / section.preparation
            with console.preparing() as shown:
                return write(examples, home, max_failure_rate=data.max_failure_rate, workers=workers, tell=shown.update)

        told = f"{of}{section.preparation}: "
        return steps.run(
            spec, {"examples": examples}, build, lambda it: told + _counted(it, words, task.nouns.held_out)
        )

    learnt = prepared(recipe.prepared_as(name))
    judged_on = task.judged_on(recipe)
    return Input(examples, checked, learnt, learnt if judged_on == recipe.prepare else prepared(judged_on))


def _preparing(section: Preparation, data: sources.Source) -> tuple[Component, Callable[..., Artifact]]:
    """The component that makes what a section `prepare` says, and its function of the examples and a place."""
    from pipelines.data import preparations, prepare, prepare_given_pairs, prepare_groups, prepare_sequences
    from pipelines.data.preparations.images import Images

    if not isinstance(section, Groups):
        if isinstance(section, FrameTuples):
            tuples = section.made(preparations.make_any)
            return prepare_sequences.SPEC, functools.partial(prepare_sequences.prepare_sequences, tuples=tuples)
        name, parameters = section.preparation, section.parameters
        return prepare.SPEC, functools.partial(prepare.prepare, preparation=name, parameters=parameters)
    whole = Images(section.size, section.channels)
    if PAIRS in data.gives:
        return prepare_given_pairs.SPEC, functools.partial(prepare_given_pairs.prepare_given_pairs, images=whole)
    draw = {"pairs": prepare_groups.prepare_pairs, "triplets": prepare_groups.prepare_triplets}[section.preparation]

    def drawn(examples: Artifact, home: Path, **options: Any) -> Artifact:
        num = {"train": section.copies * examples.manifest["splits"]["train"]["records"]}
        return draw(examples, home, num, whole, seed=section.seed, **options)

    return prepare_groups.SPEC, drawn


def _examples(recipe: Recipe, data: sources.Source, output: Path, workers: Workers, console: Console) -> Artifact:
    """The images as records."""
    from pipelines.data import preparations

    judged_on = tasks.of(recipe).judged_on(recipe)
    labels = isinstance(judged_on, Groups) or preparations.make(judged_on.preparation, {}).keeps_label
    with console.preparing() as shown:
        return data.read(
            Reading(
                home=output / "examples",
                exclude=tuple(output / name for name in _OWN),
                labels=labels,
                workers=workers,
                tell=shown.update,
                note=console.note,
            )
        )


def _counted(artifact: Artifact, train: str, held_out: str) -> str:
    splits, dead = artifact.manifest["splits"], artifact.manifest["dead_letters"]["records"]
    text = f"{splits['train']['records']:,} {train}"
    if "eval" in splits:  # of pairs that are drawn there is nothing to hold out
        text += f", {splits['eval']['records']:,} {held_out}"
    return f"{text}, {dead:,} dead {'letter' if dead == 1 else 'letters'}"
