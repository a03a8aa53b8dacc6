"""Spreads examples over shards by their keys and writes them; the files are the same for any number of workers."""

import collections
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pipelines.beam import jobs, progress
from pipelines.beam.shards import DeadLetter, Record, Shard, hash64, shard_index, write_shard
from pipelines.data.written import VERSION
from pipelines.runtime.engines import Workers

SHARD_BYTES = 32 * 2**20  # bytes of source files; decoded they are about five times as large
_FEW_SHARDS = 8  # enough to keep a machine's workers busy with few files


class Keyed(Protocol):
    """An example before it is read: its key says in which shard and where in it the example lies."""

    @property
    def key(self) -> str: ...


K = TypeVar("K", bound=Keyed)


def shard_count(num: int, amount: int, capacity: int) -> int:
    """Returns the number of shards for ``num`` examples that amount to ``amount``, if a shard has ``capacity``."""
    return max(1, -(-amount // capacity), min(num, _FEW_SHARDS))


def write_keyed(
    directory: Path,
    name: str,
    parts: Mapping[str, Sequence[K]],
    counts: Mapping[str, int],
    outcomes: Callable[[Iterable[K]], Iterator[Record | DeadLetter]],
    workers: Workers,
    tell: progress.Tell | None,
) -> list[Shard]:
    """Writes all examples.

    Args:
        directory: the directory of the files.
        name: the name of the data set.
        parts: split -> its examples.
        counts: split -> the number of its shards.
        outcomes: reads examples and yields their records and dead letters; it is pickled.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The shards, of which some may be empty.
    """
    shards = [Shard(name, part, index, count) for part, count in counts.items() for index in range(count)]
    number = {shard: index for index, shard in enumerate(shards)}
    placed = [
        (number[Shard(name, part, shard_index(one.key, _salt(part), counts[part]), counts[part])], one)
        for part, examples in parts.items()
        for one in examples
    ]
    write = functools.partial(_write, shards=shards, directory=str(directory), outcomes=outcomes)
    held = collections.Counter(index for index, _ in placed)
    with progress.watch(str(directory), {shard: held[index] for shard, index in number.items()}, tell):
        # Each shard gets one None, so that it is written even if it is empty.
        jobs.run_grouped([*((index, None) for index in number.values()), *placed], write, workers)
    return shards


def _write(
    index: int,
    examples: Iterable[K | None],
    shards: Sequence[Shard],
    directory: str,
    outcomes: Callable[[Iterable[K]], Iterator[Record | DeadLetter]],
) -> dict[str, Any]:
    shard = shards[index]
    salt = _salt(shard.split)
    ordered = sorted((one for one in examples if one is not None), key=lambda one: hash64(one.key, salt))
    return write_shard(directory, shard, outcomes(ordered))


def _salt(split: str) -> str:
    return f"{split}/{VERSION}"
