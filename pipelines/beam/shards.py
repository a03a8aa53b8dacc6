"""The sharded writer: deterministic, atomic, resumable. It gets keys; the pixels are made here."""

import collections
import contextlib
import dataclasses
import hashlib
import json
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO

from pipelines.beam import records

if TYPE_CHECKING:
    from apache_beam.io.filesystems import FileSystems

REPORTS = ".reports"


@dataclasses.dataclass(frozen=True, order=True)
class Shard:
    """One file of a split, with the name that TFDS expects."""

    dataset: str
    split: str
    index: int
    count: int

    @property
    def file(self) -> str:
        """Returns the file's name."""
        return f"{self.dataset}-{self.split}.tfrecord-{self.index:05d}-of-{self.count:05d}"


@dataclasses.dataclass(frozen=True)
class Record:
    """An example to write, and its facts for the data statistics."""

    features: dict[str, bytes | int]
    facts: dict[str, int | str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class DeadLetter:
    """An input that became no record, and why. No traceback, no absolute path, so that equal runs give equal bytes."""

    key: str | None
    path: str
    stage: str
    error: str
    message: str


def hash64(key: str, salt: str) -> int:
    """Returns a uniform 64-bit integer for a key."""
    return int.from_bytes(hashlib.blake2b(f"{salt}\0{key}".encode(), digest_size=8).digest(), "big")


def shard_index(key: str, salt: str, count: int) -> int:
    """Returns the shard of a key: equal ranges of the hash, so that all files in order are sorted by it."""
    return hash64(key, salt) * count >> 64


def _systems() -> "type[FileSystems]":
    """Returns Beam's file systems, and imports Beam if nothing has."""
    import pipelines.beam.quiet  # noqa: F401

    # isort: split
    from apache_beam.io.filesystems import FileSystems

    return FileSystems


_AS_IT_IS = "uncompressed"  # Beam's `CompressionTypes.UNCOMPRESSED`; "auto" would go by the file's name


def open_file(path: str) -> BinaryIO:
    """Opens a file for reading, in any file system that Beam supports."""
    return _systems().open(path, compression_type=_AS_IT_IS)


def read_file(path: str) -> bytes:
    """Returns the bytes of a file."""
    with open_file(path) as file:
        return file.read()


def write_file(path: str, chunks: Iterable[bytes]) -> None:
    """Writes a file so that its name shows nothing or the whole file. Retries and parallel writers do no harm."""
    part = f"{path}.part-{uuid.uuid4().hex}"
    try:
        with _systems().create(part, compression_type=_AS_IT_IS) as file:
            for chunk in chunks:
                file.write(chunk)
        _systems().rename([part], [path])
    except BaseException:
        with contextlib.suppress(Exception):  # the original exception is reported
            _systems().delete([part])
        raise


def write_shard(directory: str, shard: Shard, outcomes: Iterable[Record | DeadLetter]) -> dict[str, Any]:
    """Writes the records of a shard, in the given order, and next to it the report of what was written.

    A shard that has a report and whose digest is right is not changed; then `outcomes` is not read.

    Args:
        directory: the directory of the files.
        shard: the shard to write.
        outcomes: records and dead letters; an iterator, so that one example is in memory at a time.

    Returns:
        The report: `file`, `records`, `bytes`, `sha256`, `dead_letters` (list of dicts) and `facts` (for each
        fact a list of [value, number of records]).
    """
    report = _finished(directory, shard)
    if report is not None:
        return report
    report = {"file": shard.file, "records": 0, "bytes": 0}
    dead_letters = []
    facts: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    digest = hashlib.sha256()

    def frames() -> Iterable[bytes]:
        for outcome in outcomes:
            if isinstance(outcome, DeadLetter):
                dead_letters.append(dataclasses.asdict(outcome))
                continue
            framed = records.frame(records.serialize(outcome.features))
            digest.update(framed)
            report["records"] += 1
            report["bytes"] += len(framed)
            for name, value in outcome.facts.items():
                facts[name][value] += 1
            yield framed

    try:
        write_file(_systems().join(directory, shard.file), frames())
    except Exception as error:
        error.add_note(f"while writing {shard.file}")
        raise
    report |= {"sha256": digest.hexdigest(), "dead_letters": dead_letters}
    report["facts"] = {name: sorted([v, n] for v, n in facts[name].items()) for name in sorted(facts)}
    write_report(directory, shard, report)
    return report


def write_report(directory: str, shard: Shard, report: dict[str, Any]) -> None:
    """Writes the report of a shard, which marks the shard as done."""
    write_file(_report_path(directory, shard), [json.dumps(report).encode()])


def is_written(directory: str, shard: Shard) -> bool:
    """Returns whether a shard has a report."""
    return _systems().exists(_report_path(directory, shard))


def read_report(directory: str, shard: Shard) -> dict[str, Any]:
    """Reads the report of a written shard."""
    return json.loads(read_file(_report_path(directory, shard)))


def _report_path(directory: str, shard: Shard) -> str:
    return _systems().join(directory, REPORTS, f"{shard.file}.json")


def _finished(directory: str, shard: Shard) -> dict[str, Any] | None:
    if not is_written(directory, shard):
        return None
    report = read_report(directory, shard)
    path = _systems().join(directory, shard.file)
    if not _systems().exists(path) or hashlib.sha256(read_file(path)).hexdigest() != report["sha256"]:
        return None
    return report
