"""The job of components that make one shard from each shard of an artifact."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.beam import jobs, progress
from pipelines.beam.shards import Shard
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.engines import Workers


@dataclasses.dataclass(frozen=True)
class Part:
    """A shard to read, and the shard to write.

    Attributes:
        source: the file to read.
        shard: the shard to write, with the same split and number.
        records: the number of records in the source, by its manifest.
        of_split: the number of records in all sources of the split.
    """

    source: str
    shard: Shard
    records: int
    of_split: int


def shard_by_shard(
    artifact: Artifact,
    name: str,
    write: Callable[[Part], Any],
    directory: Path,
    workers: Workers,
    tell: progress.Tell | None,
    splits: Mapping[str, Any] | None = None,
) -> list[Shard]:
    """Calls a function with each part, on all workers, and reports the progress.

    Args:
        artifact: the artifact with the shards to read.
        name: the name of the data set to write.
        write: makes one shard from one; can be pickled.
        directory: the directory for the shards.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.
        splits: splits of the artifact's manifest; all by default.

    Returns:
        The written shards, in the order of those that were read.
    """
    parts = [
        Part(
            str(artifact.path / one["file"]),
            Shard(name, split, index, len(of["shards"])),
            one["records"],
            of["records"],
        )
        for split, of in (artifact.manifest["splits"] if splits is None else splits).items()
        for index, one in enumerate(of["shards"])
    ]
    with progress.watch(str(directory), {part.shard: part.records for part in parts}, tell):
        jobs.run_each([(part,) for part in parts], write, workers)
    return [part.shard for part in parts]
