"""PrepareSequences: the frames of films, one record each -> records of tuples of frames, shard i from shard i."""

import functools
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras_genssl.pretext.codec as codec  # the module alone: this component depends on no other of `pretext`
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
    """Write tuples of frames, drawn from each sequence: `key`, `name` (of the sequence), `frames` and `ordered`.

    They are those that the pure function of `tuples` makes of the frames of the sequence that are there, in their
    order. A worker has the squares of one sequence in memory. A sequence that cannot be prepared is a dead letter.

    Args:
        examples: what `frame_example_gen` published.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        tuples: what is drawn of a sequence.
        max_failure_rate: the part of the sequences that may become dead letters.
        workers: processes, of which 1 is this one, or the engine that has them.
        tell: is called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest.

    Raises:
        UserError: if the examples are no sequences, too many of these fail, or a split stays empty.
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
    """Key and name of the sequence that a record is of."""
    return record["key"].decode().rpartition("-")[0], record["sequence"].decode()
