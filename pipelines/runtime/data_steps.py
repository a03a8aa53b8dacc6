"""The data side of a run: images to examples, what is wrong with them, and what training and evaluation read."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import tasks
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.recipe.base import Data as Section
from pipelines.recipe.base import Recipe
from pipelines.recipe.preparations.groups import Groups
from pipelines.recipe.preparations.images import Preparation
from pipelines.recipe.preparations.pretext import FrameTuples
from pipelines.runtime import data_checks, device
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.component import Component, Kind, Source
from pipelines.runtime.engines import Workers
from pipelines.runtime.steps import Steps

# What a run writes below its output, and never reads as the user's images.
_OWN = ("examples", "statistics", "schemas", "validation", "prepared", "references", "runs", "saved_models")


@dataclasses.dataclass(frozen=True)
class Data:
    """What a run reads of its images.

    Attributes:
        examples: the images as records.
        checked: what was found in them.
        prepared: what training reads.
        judged: what the task is judged on; mostly the same.
    """

    examples: Artifact
    checked: data_checks.Checked
    prepared: Artifact
    judged: Artifact


def run(recipe: Recipe, output: Path, workers: Workers, steps: Steps, console: Console) -> Data:
    """ExampleGen, the checks of the data, and Prepare.

    Raises:
        UserError: if the images cannot be used, the schema neither, or an anomaly is an error.
    """
    from pipelines.data.sources import dataset as dataset_example_gen
    from pipelines.data.sources import folder as image_example_gen
    from pipelines.data.sources import frames as frame_example_gen
    from pipelines.data.sources import pairs as pair_example_gen

    task, data = tasks.of(recipe), recipe.data
    data_checks.given(recipe)  # its faults before any work
    readers = {
        "dataset": dataset_example_gen.SPEC,
        "frames": frame_example_gen.SPEC,
        "pairs": pair_example_gen.SPEC,
    }
    examples = steps.run(
        readers.get(data.source, image_example_gen.SPEC),
        {"images": Source(Kind.IMAGES, _source(data))},
        lambda: _examples(recipe, output, workers, console),
        lambda it: _counted(it, data.source if data.source in ("frames", "pairs") else task.words.examples, "held out"),
    )
    checked = data_checks.check(recipe, examples, output, workers, steps, console)

    def prepared(section: Preparation) -> Artifact:
        spec, write = _preparing(section, data)
        words = "to train on" if isinstance(section, Groups | FrameTuples) else task.words.train

        def build() -> Artifact:
            home = output / "prepared" / section.preparation
            with console.preparing() as shown:
                return write(examples, home, max_failure_rate=data.max_failure_rate, workers=workers, tell=shown.update)

        told = f"{section.preparation}: "
        return steps.run(
            spec, {"examples": examples}, build, lambda it: told + _counted(it, words, task.words.held_out)
        )

    judged_on = task.judged_on(recipe)
    learnt = prepared(recipe.prepare)
    return Data(examples, checked, learnt, learnt if judged_on == recipe.prepare else prepared(judged_on))


def _preparing(section: Preparation, data: Section) -> tuple[Component, Callable[..., Artifact]]:
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
    if data.source == "pairs":
        return prepare_given_pairs.SPEC, functools.partial(prepare_given_pairs.prepare_given_pairs, images=whole)
    draw = {"pairs": prepare_groups.prepare_pairs, "triplets": prepare_groups.prepare_triplets}[section.preparation]

    def drawn(examples: Artifact, home: Path, **options: Any) -> Artifact:
        num = {"train": section.copies * examples.manifest["splits"]["train"]["records"]}
        return draw(examples, home, num, whole, seed=section.seed, **options)

    return prepare_groups.SPEC, drawn


def _source(data: Section) -> str:
    """Where the images come from, in a word."""
    if data.source in ("folder", "frames"):
        return str(Path(data.folder or "").expanduser().resolve())
    if data.source == "pairs":
        return str(Path(data.table or "").expanduser().resolve())
    return data.dataset or "photographs inside scikit-image and scikit-learn"


def _examples(recipe: Recipe, output: Path, workers: Workers, console: Console) -> Artifact:
    """The images as records, from a data set or from files."""
    from pipelines.data import preparations

    data = recipe.data
    if data.source == "dataset":
        from pipelines.data.sources.dataset import dataset_example_gen

        assert data.dataset is not None  # the schema sees to it
        splits = {"train": data.train_split, "eval": data.eval_split}
        with console.preparing() as shown:
            home = output / "examples" / "dataset"
            return dataset_example_gen(data.dataset, home, splits, workers=workers, tell=shown.update)
    if data.source == "pairs":
        from pipelines.data.sources.pairs import pair_example_gen

        assert data.table is not None  # the schema sees to it
        with console.preparing() as shown:
            options: dict[str, Any] = {"max_failure_rate": data.max_failure_rate, "workers": workers, "labels": True}
            fractions = {"train": 1 - data.eval_fraction, "eval": data.eval_fraction}
            pairs = pair_example_gen(data.table, output / "examples" / "pairs", fractions, tell=shown.update, **options)
        if set(pairs.manifest["splits"]) != {"train", "eval"}:
            raise UserError(
                f"{data.table}: the column `split` must say train and eval. "
                f"Received: {', '.join(pairs.manifest['splits'])}"
            )
        return pairs
    labels = preparations.make(tasks.of(recipe).judged_on(recipe).preparation, {}).keeps_label
    exclude = [output / name for name in _OWN]
    split = _split(data, exclude, console)
    if data.source == "frames":
        from pipelines.data.sources.frames import frame_example_gen

        assert data.folder is not None  # the schema sees to it
        with console.preparing() as shown:
            options = {"max_failure_rate": data.max_failure_rate, "labels": labels, "workers": workers}
            options["class_names"] = data.class_names
            home = output / "examples" / "frames"
            return frame_example_gen(data.folder, home, split, exclude=exclude, tell=shown.update, **options)
    from pipelines.data.sources.folder import image_example_gen

    source: Any = data.folder
    if data.source == "embedded":
        device.start()  # keras_genssl.data imports TensorFlow
        from keras_genssl.data import embedded_photographs

        source = embedded_photographs(colour_only=False)
    with console.preparing() as shown:
        return image_example_gen(
            source,
            output / "examples" / "photographs",
            split,
            exclude=exclude,
            max_failure_rate=data.max_failure_rate,
            labels=labels,
            class_names=data.class_names,
            workers=workers,
            tell=shown.update,
        )


def _split(data: Section, exclude: list[Path], console: Console) -> Any:
    """How a folder of images or films is divided: by its own splits where it has some, else as the recipe says."""
    from pipelines.data.sources import image_files as sources

    named = {"eval": data.held_out} if data.held_out is not None else None
    fractions = {"train": 1 - data.eval_fraction, "eval": data.eval_fraction}
    if data.folder is None:
        return named or fractions
    labels = [file.label for file in sources.find(data.folder, exclude)[0]]
    folders = sources.class_folders(labels, data.class_names)
    own = sources.own_splits(folders, data.train_split, data.eval_split)
    if folders.doubt is not None:
        console.note(f"{folders.doubt}.".replace("`class_names`", "data.class_names"))
    if own is None:
        return named or fractions
    if named is not None:
        raise UserError(
            f"data.held_out: must be left out, for {data.folder} has splits of its own, {', '.join(folders.splits)}"
        )
    console.note(f"splits of the folder itself: {own.folders['train']}/ to train on, {own.folders['eval']}/ held out")
    return own


def _counted(artifact: Artifact, train: str, held_out: str) -> str:
    splits, dead = artifact.manifest["splits"], artifact.manifest["dead_letters"]["records"]
    text = f"{splits['train']['records']:,} {train}"
    if "eval" in splits:  # of pairs that are drawn there is nothing to hold out
        text += f", {splits['eval']['records']:,} {held_out}"
    return f"{text}, {dead:,} dead {'letter' if dead == 1 else 'letters'}"
