"""The map step of `StatisticsGen`: one shard of examples -> a report of counts, and a file of hashes."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from PIL import Image

from keras_genssl.pretext import codec
from pipelines.beam import records
from pipelines.beam.shards import Shard, is_written, open_file, read_file, write_file, write_report
from pipelines.data.shard_by_shard import Part
from pipelines.data.statistics import perceptual_hash
from pipelines.data.statistics.counts import CHANNELS, SplitCounts

HASHES = np.dtype([("hash", "<u8"), ("thumbnail", "u1", (perceptual_hash.THUMBNAIL**2,))])
_AT_ONCE = 256


def measure(part: Part, directory: str, features: Mapping[str, str]) -> None:
    """Counts a shard, and writes the report and `hashes_path`; existing files are kept.

    Args:
        part: the shard of examples, and the shard of statistics.
        directory: the directory to write into.
        features: name -> kind.
    """
    shard = part.shard
    if is_written(directory, shard):
        return
    counts, hashed, names = SplitCounts(features), _Hashes(), []
    report: dict[str, Any] = {"file": shard.file, "dead_letters": [], "damage": None}
    try:
        with open_file(part.source) as file:
            for number, example in enumerate(_examples(file)):
                name = _text(example.get("name") or example.get("key")) or f"{shard.file}[{number}]"
                for feature, image in _count(counts, example, name):
                    hashed.add(image)
                    names.append(name if len(counts.images) == 1 else f"{feature} of {name}")
        if counts.examples != part.records:
            report["damage"] = f"it holds {counts.examples} records, and its manifest says {part.records}"
    except (ValueError, DecodeError, OSError) as error:
        report["damage"] = str(error) or type(error).__name__
    write_file(hashes_path(directory, shard), [hashed.file()])
    report |= {"records": counts.examples, "counts": counts.state(), "names": names}
    write_report(directory, shard, report)


def hashes_path(directory: str, shard: Shard) -> str:
    """Returns the file with a shard's hashes and thumbnails, an array of `HASHES`."""
    return f"{directory}/{shard.file}.hashes.npy"


def read_hashes(directory: str, shard: Shard) -> np.ndarray:
    """Reads the hashes and thumbnails of a shard's images, in the order of the report's `names`."""
    return np.load(io.BytesIO(read_file(hashes_path(directory, shard))))


def _examples(file: Any) -> Iterator[dict[str, Any]]:
    return map(records.parse, records.read(file))


def _count(counts: SplitCounts, example: Mapping[str, Any], name: str) -> Iterator[tuple[str, Image.Image]]:
    """Counts an example, and yields its images for hashing with the feature of each."""
    label = example.get("label")
    counts.add(example, label if isinstance(label, int) else None, name)
    for feature, of_images in counts.images.items():
        if feature not in example:
            continue
        try:
            image = _decode(example[feature])
        except codec.DECODE_ERRORS:
            of_images.num_undecodable += 1
            of_images.undecodable.add(name)
            continue
        of_images.add(image, name)
        yield feature, image


def _decode(data: bytes) -> Image.Image:
    """Decodes an image in its own channels if they are one or three, otherwise as `codec` shows it."""
    image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    image.load()
    return image if image.mode in CHANNELS else Image.fromarray(codec.decode_image(data)[0])


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else ""


class _Hashes:
    """Computes hashes of images as they come, some hundreds at a time."""

    def __init__(self) -> None:
        self._waiting: list[np.ndarray] = []
        self._done: list[np.ndarray] = []

    def add(self, image: Image.Image) -> None:
        self._waiting.append(perceptual_hash.shrink(image))
        if len(self._waiting) == _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        small = np.array(self._waiting, np.uint8).reshape(-1, perceptual_hash.SIDE, perceptual_hash.SIDE)
        done = np.empty(len(small), HASHES)
        done["hash"], done["thumbnail"] = perceptual_hash.hashes(small), perceptual_hash.thumbnails(small)
        self._done.append(done)
        self._waiting = []

    def file(self) -> bytes:
        self._flush()
        buffer = io.BytesIO()
        np.save(buffer, np.concatenate(self._done))
        return buffer.getvalue()
