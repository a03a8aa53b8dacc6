"""The progress of a job, which the driver sees by the reports of the written shards."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from pipelines.beam.shards import Shard, is_written, read_report


@dataclasses.dataclass(frozen=True)
class Progress:
    """What is written: shards out of all, with their records and dead letters.

    Attributes:
        rate: records per second of this job, without those of an earlier job; None before there are any.
        left: the estimated seconds to the end at the speed so far; None before anything is known.
    """

    shards: int
    all_shards: int
    records: int
    dead_letters: int
    rate: float | None = dataclasses.field(default=None, compare=False)
    left: float | None = dataclasses.field(default=None, compare=False)


Tell = Callable[[Progress], None]
Clock = Callable[[], float]


@contextlib.contextmanager
def watch(
    directory: str,
    shards: Mapping[Shard, int] | Sequence[Shard],
    tell: Tell | None,
    every: float = 1.0,
    clock: Clock = time.monotonic,
) -> Iterator[None]:
    """Reports the progress of a job while the body of the `with` runs it, and at its end.

    Args:
        directory: the directory of the shards.
        shards: all shards that the job writes, with the number of inputs (such as images) of each; if that is unknown,
            only the shards, and then no remaining time is reported.
        tell: called from a thread of its own, whenever there is progress; `None` reports nothing.
        every: the seconds between two looks.
        clock: a function that returns seconds.
    """
    if tell is None:
        yield
        return
    ended, count = threading.Event(), _Count(directory, shards, clock)

    def follow() -> None:
        told, last = 0, False
        while not last:
            last = ended.wait(every)
            found = count.look()
            if found.shards > told:
                told = found.shards
                tell(found)

    thread = threading.Thread(target=follow, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Count:
    """Counts shards as they are written; shards that exist at the start belong to an earlier job."""

    def __init__(self, directory: str, shards: Mapping[Shard, int] | Sequence[Shard], clock: Clock):
        self._directory, self._all, self._clock = directory, len(shards), clock
        self._waiting = dict(shards) if isinstance(shards, Mapping) else dict.fromkeys(shards, 0)
        self._records = self._dead_letters = self._inputs = 0
        self._began = self._early_records = self._early_inputs = 0.0
        self.look()
        self._began, self._early_records, self._early_inputs = clock(), self._records, self._inputs

    def look(self) -> Progress:
        """Reads the new reports."""
        for shard in [shard for shard in self._waiting if is_written(self._directory, shard)]:
            report = read_report(self._directory, shard)
            self._inputs += self._waiting.pop(shard)
            self._records += report["records"]
            self._dead_letters += len(report["dead_letters"])
        records, inputs = self._records - self._early_records, self._inputs - self._early_inputs
        seconds = self._clock() - self._began
        return Progress(
            self._all - len(self._waiting),
            self._all,
            self._records,
            self._dead_letters,
            records / seconds if records and seconds else None,
            seconds * sum(self._waiting.values()) / inputs if inputs else None,
        )
