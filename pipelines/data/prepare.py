"""Prepare: records of images -> records of training examples, shard i from shard i."""

import dataclasses
import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras_genssl.pretext.codec as codec  # the module alone: this component depends on no other of `pretext`
from pipelines.beam import progress, records
from pipelines.beam.shards import DeadLetter, Record, open_file, write_shard
from pipelines.data import examples_picture, preparations
from pipelines.data.made_record import made_record
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
    preparation: str,
    parameters: Mapping[str, Any],
    *,
    max_failure_rate: float = 0.5,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Make the examples that a method trains on.

    Args:
        examples: what `image_example_gen` published.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        preparation: a name in `preparations.PREPARATIONS`, such as `"super_resolution"`.
        parameters: of the preparation; what is not given has its default.
        max_failure_rate: the part of the images that may become dead letters.
        workers: processes, of which 1 is this one, or the engine that has them.
        tell: is called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest: `key`, `name` and the features of the preparation.

    Raises:
        UserError: if a parameter is wrong, too many images fail, or a split stays empty.
    """
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    made = preparations.make(preparation, parameters)
    execution: dict[str, Any] = {
        "component": "Prepare",
        "inputs": {"examples": examples.content},
        "parameters": {
            "preparation": preparation,
            **dataclasses.asdict(made),  # type: ignore[call-overload]
            "max_failure_rate": max_failure_rate,
        },
        "code": code.digest(_write, shard_by_shard, Dataset, examples_picture.add, type(made)),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        verify(examples)
        write = functools.partial(_write, directory=str(directory), preparation=made)
        shards = shard_by_shard(examples, preparation, write, directory, workers, tell)
        labels = examples.manifest.get("labels", ()) if made.keeps_label else ()
        label = {"label": "label"} if labels else {}
        dataset = Dataset(preparation, {"key": "text", "name": "text", **made.features, **label}, shards, labels)
        attempted = sum(part["records"] for part in examples.manifest["splits"].values())
        manifest = dataset.finish(directory, attempted, max_failure_rate, **execution)
        arrangements = made.arrangements if isinstance(made, preparations.Arranged) else None
        illustrations = made.illustrations if isinstance(made, preparations.Illustrated) else None
        examples_picture.add(directory, manifest, made.features, arrangements, illustrations)
        return manifest

    return publish(output_dir, execution, build)


def _write(part: Part, directory: str, preparation: preparations.Preparation) -> dict[str, Any]:
    return write_shard(directory, part.shard, _outcomes(part, preparation))


def _outcomes(part: Part, preparation: preparations.Preparation) -> Iterator[Record | DeadLetter]:
    with open_file(part.source) as file:
        for serialized in records.read(file):
            record = records.parse(serialized)
            key, name = record["key"].decode(), record["name"].decode()
            if "image" not in record:
                yield DeadLetter(key, name, "prepare", "MissingFeature", "the record has no `image`")
                continue
            try:
                image = codec.decode_image(record["image"], codec.NO_LIMIT)[0]
            except codec.DECODE_ERRORS as error:
                yield DeadLetter(key, name, "decode", type(error).__name__, str(error))
                continue
            try:
                for index, example in enumerate(preparation.examples(image, key, part.shard.split, part.of_split)):
                    label = {"label": record["label"]} if preparation.keeps_label and "label" in record else {}
                    yield made_record(f"{key}-{index:05d}", name, example, preparation.features, label)
            except ValueError as error:
                yield DeadLetter(key, name, "prepare", type(error).__name__, str(error))
