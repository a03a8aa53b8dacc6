"""Pairs of image files from any source -> keyed records of two images in shards."""

import collections
import dataclasses
import functools
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_genssl.pretext import codec
from pipelines.beam import progress
from pipelines.beam.shards import DeadLetter, Record
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.keyed_shards import shard_count, write_keyed
from pipelines.data.written import DUPLICATE, Dataset
from pipelines.runtime import code
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.engines import Workers

NAME = "pairs"
SIDES = ("first", "second")
_SHARD_RECORDS = 4096


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two files that form a pair and can be read.

    Attributes:
        key: the key of both contents.
        row: its name in records and dead letters: the table's name and the line, `"pairs.csv:7"`, or a file's name.
        files: the two files.
        label: 1 if they are different, 0 if not; None if nothing says so.
        split: the split, if the table or a folder gives it.
    """

    key: str
    row: str
    files: tuple[sources.File, sources.File]
    label: int | None
    split: str | None


def pair_key(first: sources.File, second: sources.File) -> str:
    """Returns the key of a record: a digest of the bytes of both files."""
    return hashlib.blake2b(f"{first.key} {second.key}".encode(), digest_size=16).hexdigest()


def publish_pairs(
    component: str,
    source: str,
    pairs: Sequence[Pair],
    letters: Sequence[DeadLetter],
    split: Mapping[str, float] | sources.FolderSplits,
    output_dir: str | os.PathLike[str],
    labels: Sequence[str] = (),
    *,
    max_failure_rate: float,
    max_pixels: int,
    code_of: str,
    workers: Workers,
    tell: progress.Tell | None,
) -> Artifact:
    """Writes pairs as records: `key`, `name`, `first`, `second`, and `label` if they have labels.

    Args:
        component: the name of the ExampleGen that found the pairs.
        source: where the pairs were found, for messages.
        pairs: at least one pair.
        letters: the dead letters of inputs that became no pair.
        split: fractions, if the pairs name no splits.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        labels: the names of the labels.
        max_failure_rate: the largest share of all attempts that may become dead letters (repeated pairs do not count).
        max_pixels: larger images are refused before they are decompressed.
        code_of: the module that found the pairs.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Raises:
        UserError: too many inputs failed, or a split stays empty.
    """
    parts = _divide(source, pairs, split)
    attempted = len(pairs) + sum(letter.error != DUPLICATE for letter in letters)
    execution: dict[str, Any] = {
        "component": component,
        "inputs": {
            "pairs": [[pair.key, pair.row, pair.label, part] for part, held in parts.items() for pair in held],
            "dead_letters": [[letter.path, letter.message] for letter in letters],
        },
        "parameters": {
            "split": sources.described(split),
            "max_failure_rate": max_failure_rate,
            "max_pixels": max_pixels,
        },
        "code": code.digest(code_of),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        counts = {part: shard_count(len(held), len(held), _SHARD_RECORDS) for part, held in parts.items()}
        outcomes = functools.partial(_outcomes, max_pixels=max_pixels)
        written = write_keyed(directory, NAME, parts, counts, outcomes, workers, tell)
        features = {"key": "text", "name": "text", **dict.fromkeys(SIDES, "image")}
        features |= {"label": "label"} if labels else {}
        dataset = Dataset(NAME, features, written, labels)
        return dataset.finish(directory, attempted, max_failure_rate, letters, **execution)

    return publish(output_dir, execution, build)


def _divide(
    source: str, pairs: Sequence[Pair], split: Mapping[str, float] | sources.FolderSplits
) -> dict[str, list[Pair]]:
    parts: dict[str, list[Pair]] = collections.defaultdict(list)
    if pairs[0].split is not None:
        for pair in pairs:
            parts[str(pair.split)].append(pair)
        return {part: parts[part] for part in sorted(parts, key=lambda part: (part != "train", part))}
    assert not isinstance(split, sources.FolderSplits)  # pairs of a folder with splits name their splits
    group = _joined(pairs)
    groups = sorted(set(group.values()))
    chosen = sources.by_fraction(
        groups, split, f"groups of pairs in {source} that share no image (or give a column `split`)"
    )
    part_of = {one: part for part, held in chosen.items() for one in held}
    for pair in pairs:
        parts[part_of[group[pair.files[0].key]]].append(pair)
    return {part: parts[part] for part in chosen}


def _joined(pairs: Sequence[Pair]) -> dict[str, str]:
    """Returns image -> the smallest of all images that pairs connect it with (union-find)."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for pair in pairs:
        low, high = sorted(root(file.key) for file in pair.files)
        parent[high] = low
    return {key: root(key) for key in list(parent)}


def _outcomes(pairs: Iterable[Pair], max_pixels: int) -> Iterator[Record | DeadLetter]:
    return (_outcome(pair, max_pixels) for pair in pairs)


def _outcome(pair: Pair, max_pixels: int) -> Record | DeadLetter:
    values: dict[str, bytes | int] = {"key": pair.key.encode(), "name": pair.row.encode()}
    facts: dict[str, int | str] = {}
    for side, file in zip(SIDES, pair.files, strict=True):
        data = sources.read_again(file)
        try:
            image, facts[f"{side}_mode"] = codec.decode_image(data, max_pixels)
        except codec.DECODE_ERRORS as error:
            return DeadLetter(pair.key, pair.row, "decode", type(error).__name__, f"{file.label}: {error}")
        values[side] = codec.encode_png(image)
        facts[f"{side}_height"], facts[f"{side}_width"] = image.shape[:2]
    if pair.label is not None:
        facts["label"] = values["label"] = pair.label
    return Record(values, facts)
