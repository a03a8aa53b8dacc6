"""PrepareGivenPairs: the pairs of a table -> the same pairs in the size and the channels that a method trains on."""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_genssl.pretext import codec
from pipelines.beam import progress, records
from pipelines.beam.shards import DeadLetter, Record, open_file, write_shard
from pipelines.data import examples_picture
from pipelines.data.example_gen.image_pairs import NAME
from pipelines.data.example_gen.pairs import LABELS, UNLABELLED
from pipelines.data.preparations.groups import Pairs
from pipelines.data.shard_by_shard import Part, shard_by_shard
from pipelines.data.written import Dataset
from pipelines.errors import UserError
from pipelines.runtime import code
from pipelines.runtime.artifact import Artifact, publish, verify
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

SPEC = Component("PrepareGivenPairs", {"examples": Kind.EXAMPLES}, Kind.PREPARED)


def prepare_given_pairs(
    examples: Artifact,
    output_dir: str | os.PathLike[str],
    pairs: Pairs,
    *,
    max_failure_rate: float = 0.5,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes the pairs of a table for training: `key`, `name`, `first`, `second` and `label`, shard by shard.

    Args:
        examples: the artifact of `pair_example_gen`, with labels.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        pairs: the size and the channels; nothing is drawn at random.
        max_failure_rate: the largest share of the pairs that may become dead letters.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Raises:
        UserError: the pairs have no labels, all pairs of a split have the same label, or too many pairs fail.
    """
    if "label" not in examples.manifest["features"]:
        raise UserError(UNLABELLED.format(path=examples.path))
    execution: dict[str, Any] = {
        "component": SPEC.name,
        "inputs": {"examples": examples.content},
        "parameters": {**pairs.parameters, "max_failure_rate": max_failure_rate},
        "code": code.digest(__name__, type(pairs)),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        verify(examples)
        write = functools.partial(_write, directory=str(directory), pairs=pairs)
        shards = shard_by_shard(examples, NAME, write, directory, workers, tell)
        dataset = Dataset(NAME, {"key": "text", "name": "text", **pairs.features}, shards, LABELS)
        attempted = sum(part["records"] for part in examples.manifest["splits"].values())
        manifest = dataset.finish(directory, attempted, max_failure_rate, **execution)
        for split, facts in manifest["statistics"].items():
            if not all(facts["label"].values()):
                raise UserError(
                    f"The split {split!r} must hold pairs of the same and of different images. Received: "
                    + ", ".join(f"{number} {label}" for label, number in facts["label"].items())
                )
        examples_picture.add(directory, manifest, pairs.features)
        return manifest

    return publish(output_dir, execution, build)


def _write(part: Part, directory: str, pairs: Pairs) -> dict[str, Any]:
    return write_shard(directory, part.shard, _outcomes(part, pairs))


def _outcomes(part: Part, pairs: Pairs) -> Iterator[Record | DeadLetter]:
    with open_file(part.source) as file:
        for record in map(records.parse, records.read(file)):
            key, name = record["key"].decode(), record["name"].decode()
            values: dict[str, bytes | int] = {field: record[field] for field in ("key", "name", "label")}
            try:
                for field in pairs.members:
                    image = codec.decode_image(record[field], codec.NO_LIMIT)[0]
                    values[field] = codec.encode_png(pairs.square(image))
            except ValueError as error:
                yield DeadLetter(key, name, "prepare", type(error).__name__, f"{field}: {error}")
                continue
            yield Record(values, {"label": record["label"]})
