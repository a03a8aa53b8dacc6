"""How far a job is, seen from the driver by the reports of the shards that are written."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence

from pipelines.beam.shards import Shard, is_written, read_report


@dataclasses.dataclass(frozen=True)
class Progress:
    """What is written: shards out of all, and the records and dead letters in them."""

    shards: int
    all_shards: int
    records: int
    dead_letters: int


Tell = Callable[[Progress], None]


@contextlib.contextmanager
def watch(directory: str, shards: Sequence[Shard], tell: Tell | None, every: float = 1.0) -> Iterator[None]:
    """Tell the progress of a job while the body of the `with` runs it, and at its end.

    Args:
        directory: of the shards.
        shards: all that the job writes.
        tell: called from a thread of its own, whenever there is more than it was told; `None`: nothing is done.
        every: how often to look, in seconds.
    """
    if tell is None:
        yield
        return
    ended = threading.Event()

    def follow() -> None:
        waiting, told = list(shards), Progress(0, len(shards), 0, 0)
        last = False
        while not last:
            last = ended.wait(every)
            written = [shard for shard in waiting if is_written(directory, shard)]
            reports = [read_report(directory, shard) for shard in written]
            waiting = [shard for shard in waiting if shard not in written]
            if reports:
                told = Progress(
                    told.shards + len(reports),
                    told.all_shards,
                    told.records + sum(report["records"] for report in reports),
                    told.dead_letters + sum(len(report["dead_letters"]) for report in reports),
                )
                tell(told)

    thread = threading.Thread(target=follow, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
