"""Random access to TFRecord files by record number.

A TFRecord is: length (uint64), masked CRC32C of the length (uint32), the bytes, masked CRC32C of the bytes.
One pass over the headers, at the first access to a file, gives the offset of each record.
"""

import bisect
import dataclasses
import os
import struct
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import google_crc32c
import numpy as np
import tensorflow as tf

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")


def _masked_crc(data: bytes) -> int:
    crc = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@dataclasses.dataclass(frozen=True)
class Shard:
    """Records `skip` ... `skip + take - 1` of a file that holds `records`."""

    path: str
    records: int
    skip: int
    take: int


class _File:
    """Bytes of a file at an offset, from any thread."""

    def __init__(self, path: str):
        self._lock = threading.Lock()
        self._remote: Any = tf.io.gfile.GFile(path, "rb") if "://" in path else None
        self._descriptor = -1
        if self._remote is None:
            self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            self.size = os.fstat(self._descriptor).st_size
        else:
            self.size = self._remote.size()

    def read(self, offset: int, length: int) -> bytes:
        if self._remote is None:
            return os.pread(self._descriptor, length, offset)
        with self._lock:
            self._remote.seek(offset)
            return self._remote.read(length)

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            os.close(self._descriptor)


class _Reader:
    """One TFRecord file with its offsets."""

    def __init__(self, shard: Shard):
        self._path = shard.path
        try:
            self._file = _File(shard.path)
        except (OSError, tf.errors.OpError) as error:
            raise FileNotFoundError(f"Cannot open the record file {shard.path}: {error}") from error
        offsets: list[int] = []
        offset = 0
        while offset < self._file.size:
            header = self._file.read(offset, _HEADER.size)
            length, crc = _HEADER.unpack(header) if len(header) == _HEADER.size else (0, -1)
            end = offset + _HEADER.size + length + _FOOTER.size
            if crc != _masked_crc(header[:8]) or end > self._file.size:
                raise ValueError(
                    f"The record file {shard.path} is damaged or cut short: record {len(offsets)} at byte "
                    f"{offset} of {self._file.size}."
                )
            offsets.append(offset)
            offset = end
        if len(offsets) != shard.records:
            raise ValueError(
                f"The record file {shard.path} must hold {shard.records} records. It holds {len(offsets)}."
            )
        self._offsets = np.array([*offsets, offset], np.int64)

    def record(self, number: int) -> bytes:
        start, end = (int(offset) for offset in self._offsets[number : number + 2])
        data = self._file.read(start, end - start)
        body, footer = data[_HEADER.size : -_FOOTER.size], data[-_FOOTER.size :]
        if len(data) != end - start or _FOOTER.unpack(footer)[0] != _masked_crc(body):
            raise ValueError(f"The record file {self._path} is damaged: checksum of record {number}.")
        return body


class Records:
    """The records of several TFRecord files as one sequence.

    Args:
        shards: the files and the records to take from each. Files without records to take are not opened.

    Example:
        `Records([Shard("train.tfrecord", records=10, skip=0, take=10)]).read([3, 7])` is a list of two
        `bytes`.
    """

    def __init__(self, shards: Sequence[Shard]):
        self._shards = [shard for shard in shards if shard.take]
        self._ends = np.cumsum([shard.take for shard in self._shards], dtype=np.int64).tolist()
        self._readers: dict[int, _Reader] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _reader(self, index: int) -> _Reader:
        with self._lock:
            if index not in self._readers:
                self._readers[index] = _Reader(self._shards[index])
            return self._readers[index]

    def read(self, ids: Iterable[int]) -> list[bytes]:
        """Returns the bytes of the records with these numbers.

        Raises:
            FileNotFoundError: if a file cannot be opened.
            ValueError: if a file is damaged or does not hold the records it should; the message names it.
        """
        records = []
        for number in map(int, ids):
            index = bisect.bisect_right(self._ends, number)
            shard = self._shards[index]
            inside = number - (self._ends[index] - shard.take)
            records.append(self._reader(index).record(shard.skip + inside))
        return records
