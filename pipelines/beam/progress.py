"""How far a job is, seen from the driver by the reports of the shards that are written."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from pipelines.beam.shards import Shard, is_written, read_report


@dataclasses.dataclass(frozen=True)
class Progress:
    """What is written: shards out of all, and the records and dead letters in them.

    Attributes:
        rate: records per second of this job, without those that an earlier one left; None before there are any.
        left: seconds to the end, if what is left goes on as what was done; None before anything is known.
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
    """Tell the progress of a job while the body of the `with` runs it, and at its end.

    Args:
        directory: of the shards.
        shards: all that the job writes, and of how many images or the like each is made; where that is not known, the
            shards alone, and no time left is told.
        tell: called from a thread of its own, whenever there is more than it was told; `None`: nothing is done.
        every: how often to look, in seconds.
        clock: seconds.
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
    """Counts shards as they are written; those that are there when it is made are an earlier job's."""

    def __init__(self, directory: str, shards: Mapping[Shard, int] | Sequence[Shard], clock: Clock):
        self._directory, self._all, self._clock = directory, len(shards), clock
        self._waiting = dict(shards) if isinstance(shards, Mapping) else dict.fromkeys(shards, 0)
        self._records = self._dead_letters = self._inputs = 0
        self._began = self._early_records = self._early_inputs = 0.0
        self.look()
        self._began, self._early_records, self._early_inputs = clock(), self._records, self._inputs

    def look(self) -> Progress:
        """Read the reports that are new."""
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
