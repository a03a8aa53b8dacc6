"""PrepareSequences: frames of films, one per record -> tuples of frames; output shard i comes from input shard i."""

import functools
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras_genssl.pretext.codec as codec  # only this module: the component depends on no other part of `pretext`
from pipelines.beam import progress, records
from pipelines.beam.shards import DeadLetter, Record, open_file, write_shard
from pipelines.data import examples_picture
from pipelines.data.made_record import made_record
from pipelines.data.preparations.frame_tuples import FrameTuples
from pipelines.data.prepare import fitting
from pipelines.data.shard_by_shard import Part, shard_by_shard
from pipelines.data.written import Dataset
from pipelines.errors import UserError
from pipelines.runtime import code
from pipelines.runtime.artifact import Artifact, publish, verify
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

SPEC = Component("PrepareSequences", {"examples": Kind.EXAMPLES}, Kind.PREPARED)


def prepare_sequences(
    examples: Artifact,
    output_dir: str | os.PathLike[str],
    tuples: FrameTuples,
    *,
    max_failure_rate: float = 0.5,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes tuples of frames, drawn from each sequence: `key`, `name` (of the sequence), `frames` and `ordered`.

    The pure function of `tuples` makes them from the frames that the sequence has, in their order. A worker has the
    squares of one sequence in memory. A sequence that cannot be prepared becomes a dead letter.

    Args:
        examples: the artifact of `frame_example_gen`.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        tuples: the preparation that draws from a sequence.
        max_failure_rate: the largest share of the sequences that may become dead letters.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest.

    Raises:
        UserError: the examples are not sequences, too many sequences fail, or a split stays empty.
    """
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    if "sequences" not in examples.manifest:
        raise UserError(
            f"{tuples.preparation} are drawn from folders of frames (`data.source: frames`). Received: {examples.path}"
        )
    fitting(tuples)
    execution: dict[str, Any] = {
        "component": SPEC.name,
        "inputs": {"examples": examples.content},
        "parameters": {**tuples.parameters, "max_failure_rate": max_failure_rate},
        "code": code.digest(__name__, type(tuples)),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        verify(examples)
        write = functools.partial(_write, directory=str(directory), tuples=tuples)
        shards = shard_by_shard(examples, tuples.preparation, write, directory, workers, tell)
        dataset = Dataset(tuples.preparation, {"key": "text", "name": "text", **tuples.features}, shards)
        attempted = sum(examples.manifest["sequences"].values())
        manifest = dataset.finish(directory, attempted, max_failure_rate, **execution)
        examples_picture.add(directory, manifest, tuples.features)
        return manifest

    return publish(output_dir, execution, build)


def _write(part: Part, directory: str, tuples: FrameTuples) -> dict[str, Any]:
    return write_shard(directory, part.shard, _outcomes(part, tuples))


def _outcomes(part: Part, tuples: FrameTuples) -> Iterator[Record | DeadLetter]:
    with open_file(part.source) as file:
        found = map(records.parse, records.read(file))
        for (key, name), sequence in itertools.groupby(found, _sequence):
            frames = (codec.decode_image(record["image"], codec.NO_LIMIT)[0] for record in sequence)
            try:
                for index, example in enumerate(tuples.tuples(frames, key)):
                    yield made_record(f"{key}-{index:05d}", name, example, tuples.features, {})
            except ValueError as error:
                yield DeadLetter(key, name, "prepare", type(error).__name__, str(error))


def _sequence(record: dict[str, Any]) -> tuple[str, str]:
    """Returns key and name of the sequence that a record belongs to."""
    return record["key"].decode().rpartition("-")[0], record["sequence"].decode()
