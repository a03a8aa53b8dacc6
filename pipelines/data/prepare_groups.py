"""Pairs and triplets for metric learning, drawn from the labels of examples -> records of two or three images."""

import contextlib
import dataclasses
import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from keras_genssl.pretext import codec
from pipelines.beam import jobs, progress, records
from pipelines.beam.shards import DeadLetter, Record, Shard, open_file, read_file, write_file, write_shard
from pipelines.data import examples_picture
from pipelines.data.example_gen.pairs import LABELS
from pipelines.data.preparations.groups import Groups
from pipelines.data.written import Dataset
from pipelines.errors import UserError
from pipelines.runtime import code, device
from pipelines.runtime.artifact import Artifact, publish, verify
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

SPEC = Component("PrepareGroups", {"examples": Kind.EXAMPLES}, Kind.PREPARED)
_FRAME = 16  # the bytes that a TFRecord file adds to a record
_NO_LABEL = -1
_SHARD_RECORDS = 4096


@dataclasses.dataclass(frozen=True)
class Group:
    """The images of an example: where their records begin, and the label of the example."""

    number: int
    places: tuple[tuple[str, int], ...]
    label: int | None


def prepare_groups(
    examples: Artifact,
    output_dir: str | os.PathLike[str],
    groups: Groups,
    *,
    num: Mapping[str, int] | None = None,
    max_failure_rate: float = 0.5,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes groups of images drawn by label: `key`, `name`, and `first`, `second`, `label` or those of triplets.

    They are the groups that `data.load(examples, split, groups=data.pairs(labels, num, seed))` makes on the fly. The
    driver gathers only labels and positions of records; pixels are read when a group is written.

    Args:
        examples: the artifact of an ExampleGen, with labels.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        groups: the preparation that draws the groups.
        num: split -> number of groups to draw; by default `groups.copies` for each example of `train`.
        max_failure_rate: the largest share of the groups that may become dead letters.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Raises:
        UserError: the examples have no labels or no such split, or no group can be drawn from a split.
    """
    manifest, name = examples.manifest, groups.preparation
    if num is None:
        num = {"train": groups.copies * manifest["splits"]["train"]["records"]}
    if "label" not in manifest["features"]:
        raise UserError(
            f"{name} are drawn by label, and the examples have none; a folder of images has them when each image lies "
            f"in the folder of its class, and there are two or more. Received: {examples.path}"
        )
    unknown = sorted(set(num) - set(manifest["splits"]))
    if unknown or not num:
        raise UserError(f"`num` must name splits out of {', '.join(manifest['splits'])}. Received: num={dict(num)}")
    labels = LABELS if "label" in groups.features else ()
    execution: dict[str, Any] = {
        "component": SPEC.name,
        "inputs": {"examples": examples.content},
        "parameters": {**groups.parameters, "num": dict(num), "max_failure_rate": max_failure_rate},
        "code": code.digest(__name__, type(groups)),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        verify(examples)
        everything: list[tuple[Shard, list[Group]]] = []
        for split, number in num.items():
            files, places, labels_of = _places(examples, split, directory, workers)
            if (labels_of == _NO_LABEL).any():
                raise UserError(f"{(labels_of == _NO_LABEL).sum()} examples of the split {split!r} have no `label`")
            drawn = _draw(groups, split, number, files, places, labels_of)
            count = -(-number // _SHARD_RECORDS)
            for index in range(count):
                span = slice(index * number // count, (index + 1) * number // count)
                everything.append((Shard(name, split, index, count), drawn[span]))
        shards = [shard for shard, _ in everything]
        write = functools.partial(_write, groups=groups, directory=str(directory))
        with progress.watch(str(directory), {shard: len(drawn) for shard, drawn in everything}, tell):
            jobs.run_each(everything, write, workers)
        dataset = Dataset(name, {"key": "text", "name": "text", **groups.features}, shards, labels)
        manifest = dataset.finish(directory, sum(num.values()), max_failure_rate, **execution)
        examples_picture.add(directory, manifest, groups.features)
        return manifest

    return publish(output_dir, execution, build)


def _places(
    examples: Artifact, split: str, directory: Path, workers: Workers
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Returns the files of a split, file and offset of each record `(num_examples, 2)`, and all labels."""
    files = [str(examples.path / shard["file"]) for shard in examples.manifest["splits"][split]["shards"]]
    indices = [str(directory / f"{split}-{number}.index") for number in range(len(files))]
    jobs.run_each(list(zip(files, indices, strict=True)), _index, workers)
    found = [np.frombuffer(read_file(index), "<i8").reshape(-1, 2) for index in indices]
    places = [np.stack([np.full(len(rows), number), rows[:, 0]], 1) for number, rows in enumerate(found)]
    return files, np.concatenate(places), np.concatenate([rows[:, 1] for rows in found])


def _index(source: str, target: str) -> None:
    """Writes where each record of a file begins, and its label."""
    rows, offset = [], 0
    with open_file(source) as file:
        for record in records.read(file):
            rows.append((offset, records.parse(record).get("label", _NO_LABEL)))
            offset += len(record) + _FRAME
    write_file(target, [np.array(rows, "<i8").reshape(-1, 2).tobytes()])


def _draw(
    groups: Groups, split: str, num: int, files: Sequence[str], places: np.ndarray, labels: np.ndarray
) -> list[Group]:
    device.start()  # keras_genssl.data imports TensorFlow
    try:
        drawn = groups.draw(labels, num)
    except ValueError as error:
        raise UserError(f"No {groups.preparation} can be drawn from the split {split!r}: {error}") from error
    members = np.stack(list(drawn.members.values()), axis=1)
    return [
        Group(
            number,
            tuple((files[places[image, 0]], int(places[image, 1])) for image in row),
            None if drawn.labels is None else int(drawn.labels[number]),
        )
        for number, row in enumerate(members)
    ]


def _write(shard: Shard, drawn: Sequence[Group], groups: Groups, directory: str) -> dict[str, Any]:
    with contextlib.ExitStack() as opened:

        @functools.cache
        def file(path: str) -> BinaryIO:
            return opened.enter_context(open_file(path))

        return write_shard(directory, shard, _outcomes(shard.split, drawn, groups, file))


def _outcomes(split: str, drawn: Sequence[Group], groups: Groups, file: Any) -> Iterator[Record | DeadLetter]:
    for group in drawn:
        examples = [_read(file(path), offset) for path, offset in group.places]
        key = f"{split}/{group.number:08d}"
        name = " ".join(example["name"].decode() for example in examples)
        values: dict[str, bytes | int] = {"key": key.encode(), "name": name.encode()}
        try:
            for field, example in zip(groups.members, examples, strict=True):
                image = codec.decode_image(example["image"], codec.NO_LIMIT)[0]
                values[field] = codec.encode_png(groups.square(image))
        except ValueError as error:
            yield DeadLetter(key, name, "prepare", type(error).__name__, str(error))
            continue
        facts: dict[str, int | str] = {}
        if group.label is not None:
            facts["label"] = values["label"] = group.label
        yield Record(values, facts)


def _read(file: BinaryIO, offset: int) -> dict[str, Any]:
    file.seek(offset)
    return records.parse(next(records.read(file)))
