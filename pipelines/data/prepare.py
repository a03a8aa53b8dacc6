"""Prepare: records of images -> records of training examples; output shard i comes from input shard i."""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras_genssl.pretext.codec as codec  # only this module: the component depends on no other part of `pretext`
from pipelines.beam import progress, records
from pipelines.beam.shards import DeadLetter, Record, open_file, write_shard
from pipelines.data import examples_picture
from pipelines.data.made_record import made_record
from pipelines.data.preparations.base import Preparation
from pipelines.data.shard_by_shard import Part, shard_by_shard
from pipelines.data.written import Dataset
from pipelines.errors import UserError
from pipelines.runtime import code
from pipelines.runtime.artifact import Artifact, publish, verify
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

SPEC = Component("Prepare", {"examples": Kind.EXAMPLES}, Kind.PREPARED)


def prepare(
    examples: Artifact,
    output_dir: str | os.PathLike[str],
    preparation: Preparation,
    *,
    max_failure_rate: float = 0.5,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Makes the examples that a method trains on.

    Args:
        examples: the artifact of `image_example_gen`.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        preparation: makes the examples of each image.
        max_failure_rate: the largest share of the images that may become dead letters.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest: `key`, `name` and the features of the preparation.

    Raises:
        UserError: fields of the preparation do not fit together, too many images fail, or a split stays empty.
    """
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    fitting(preparation)
    execution: dict[str, Any] = {
        "component": SPEC.name,
        "inputs": {"examples": examples.content},
        "parameters": {**preparation.parameters, "max_failure_rate": max_failure_rate},
        "code": code.digest(_write, shard_by_shard, Dataset, examples_picture.add, type(preparation)),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        verify(examples)
        name, features = preparation.preparation, preparation.features
        write = functools.partial(_write, directory=str(directory), preparation=preparation)
        shards = shard_by_shard(examples, name, write, directory, workers, tell)
        labels = examples.manifest.get("labels", ()) if preparation.keeps_label else ()
        label = {"label": "label"} if labels else {}
        encoding = "png" if preparation.jpeg is None else "jpeg"
        dataset = Dataset(name, {"key": "text", "name": "text", **features, **label}, shards, labels, encoding)
        attempted = sum(part["records"] for part in examples.manifest["splits"].values())
        manifest = dataset.finish(directory, attempted, max_failure_rate, **execution)
        examples_picture.add(directory, manifest, features, preparation.arrangements, preparation.illustrations)
        return manifest

    return publish(output_dir, execution, build)


def fitting(preparation: Preparation) -> None:
    """Refuses a preparation whose fields do not fit together, before any image is read.

    Raises:
        UserError: with the message of `Preparation.check`.
    """
    try:
        preparation.check()
    except ValueError as error:
        raise UserError(str(error)) from error


def _write(part: Part, directory: str, preparation: Preparation) -> dict[str, Any]:
    return write_shard(directory, part.shard, _outcomes(part, preparation))


def _outcomes(part: Part, preparation: Preparation) -> Iterator[Record | DeadLetter]:
    with open_file(part.source) as file:
        for serialized in records.read(file):
            record = records.parse(serialized)
            key, name = record["key"].decode(), record["name"].decode()
            missing = next((member for member in preparation.made_from if member not in record), None)
            if missing is not None:
                yield DeadLetter(key, name, "prepare", "MissingFeature", f"the record has no `{missing}`")
                continue
            try:
                images = {
                    member: codec.decode_image(record[member], codec.NO_LIMIT)[0] for member in preparation.made_from
                }
            except codec.DECODE_ERRORS as error:
                yield DeadLetter(key, name, "decode", type(error).__name__, str(error))
                continue
            try:
                made = preparation.examples_of(images, key, part.shard.split, part.of_split)
                for index, example in enumerate(made):
                    label = {"label": record["label"]} if preparation.keeps_label and "label" in record else {}
                    yield made_record(
                        f"{key}-{index:05d}", name, example, preparation.features, label, preparation.jpeg
                    )
            except ValueError as error:
                yield DeadLetter(key, name, "prepare", type(error).__name__, str(error))
