"""The job of components that make one shard of each shard of an artifact."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.beam import progress, runner
from pipelines.beam.shards import Shard
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.engines import Workers


@dataclasses.dataclass(frozen=True)
class Part:
    """A shard to read, and the one to write.

    Attributes:
        source: the file of the one.
        shard: the other, of the same split and number.
        records: of the source, as its manifest says.
        of_split: records of all sources of the split.
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
    """Calls a function with each part, over all workers, and tells how far it is.

    Args:
        artifact: holds the shards that are read.
        name: of the data set that is written.
        write: makes one shard of one; can be pickled.
        directory: where shards are written.
        workers: processes, of which 1 is this one, or the engine that has them.
        tell: is called with a `progress.Progress`, from another thread, as shards are written.
        splits: of the artifact's manifest; all by default.

    Returns:
        The shards that are written, in the order of those that are read.
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
        runner.run_each([(part,) for part in parts], write, workers)
    return [part.shard for part in parts]
