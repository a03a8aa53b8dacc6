"""StatisticsGen: examples -> statistics of their images: sizes, channels, levels, labels and near-duplicates."""

import functools
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.beam import progress
from pipelines.beam.shards import Shard, read_report
from pipelines.data.shard_by_shard import shard_by_shard
from pipelines.data.statistics import near_duplicates
from pipelines.data.statistics.counts import BINS, LEVELS, ImageCounts, SplitCounts
from pipelines.data.statistics.perceptual_hash import THUMBNAIL
from pipelines.data.statistics.shard import measure, read_hashes
from pipelines.errors import UserError
from pipelines.runtime import code, store
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

SPEC = Component("StatisticsGen", {"examples": Kind.EXAMPLES}, Kind.STATISTICS)
NAME = "statistics"
FILE = "statistics.json"


def statistics_gen(
    examples: Artifact,
    output_dir: str | os.PathLike[str],
    *,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Measures the images of each split, shard by shard, and finds near-duplicates among all images of all features.

    `statistics.json` is identical to the byte for any number of workers. A worker holds one image at a time, and some
    bytes for each image of its shard; the driver holds about 150 bytes for each image.

    Args:
        examples: the artifact of an ExampleGen.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are done.

    Returns:
        The artifact; `read` reads its `statistics.json`.

    Raises:
        UserError: a shard of the examples is damaged.
    """
    features = examples.manifest["features"]
    execution: dict[str, Any] = {
        "component": "StatisticsGen",
        "inputs": {"examples": examples.content, "modes": _modes(examples)},
        "parameters": {"distance": near_duplicates.DISTANCE, "tolerance": near_duplicates.TOLERANCE, "bins": BINS},
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        count = functools.partial(measure, directory=str(directory), features=features)
        shards = shard_by_shard(examples, NAME, count, directory, workers, tell)
        _refuse_damage(examples, directory, shards)
        found = {
            "format": 1,
            "features": features,
            "labels": list(examples.manifest.get("labels", ())),
            "splits": {
                split: _split(directory, [shard for shard in shards if shard.split == split], features, examples)
                for split in examples.manifest["splits"]
            },
            "near_duplicates": _near_duplicates(directory, shards, features),
        }
        store.write_json(directory / FILE, found)
        data = (directory / FILE).read_bytes()
        return {
            "format": 1,
            "content": hashlib.sha256(data).hexdigest(),
            **execution,
            "files": {FILE: len(data)},
        }

    return publish(output_dir, execution, build)


def _modes(examples: Artifact) -> dict[str, dict[str, int]]:
    """Returns the modes of the files that the images came from, if they came from files."""
    found = examples.manifest["statistics"]
    return {split: facts["mode"] for split, facts in found.items() if "mode" in facts}


def _refuse_damage(examples: Artifact, directory: Path, shards: Sequence[Shard]) -> None:
    files = [part["file"] for parts in examples.manifest["splits"].values() for part in parts["shards"]]
    for file, shard in zip(files, shards, strict=True):
        damage = read_report(str(directory), shard)["damage"]
        if damage is not None:
            raise UserError(
                f"{examples.path / file}: the shard cannot be used: {damage}. Remove the directory {examples.path}, "
                "and the next run makes it again"
            )


def _split(directory: Path, shards: Sequence[Shard], features: Mapping[str, str], examples: Artifact) -> dict[str, Any]:
    counts = SplitCounts(features)
    for shard in shards:
        counts.merge(read_report(str(directory), shard)["counts"])
    labels = examples.manifest.get("labels", ())
    names = {number: labels[number] if 0 <= number < len(labels) else f"number {number}" for number in counts.labels}
    modes = _modes(examples).get(shards[0].split)
    return {
        "examples": counts.examples,
        **({"modes": modes} if modes else {}),
        "missing": {
            feature: {"examples": counts.examples - counts.present[feature], "names": counts.missing[feature].names}
            for feature in features
            if counts.present[feature] < counts.examples
        },
        **(
            {"labels": {names[number]: counts.labels[number] for number in sorted(names)}}
            if "label" in features
            else {}
        ),
        **(
            {"of_label": {names[number]: counts.of_label[number].names for number in sorted(names)}}
            if "label" in features
            else {}
        ),
        "images": {feature: _images(of_images) for feature, of_images in counts.images.items()},
    }


def _images(counts: ImageCounts) -> dict[str, Any]:
    return {
        "undecodable": {"examples": counts.num_undecodable, "names": counts.undecodable.names},
        "height": _sizes(counts.height),
        "width": _sizes(counts.width),
        "channels": {str(channels): number for channels, number in sorted(counts.channels.items())},
        "of_channels": {str(channels): names.names for channels, names in sorted(counts.of_channels.items())},
        "brightness": _binned(counts.brightness),
        "colour": {channel: _binned(levels) for channel, levels in sorted(counts.colour.items())},
        "extremes": {
            key: {"smallest": extremes.smallest, "largest": extremes.largest}
            for key, extremes in counts.extremes.items()
        },
    }


def _sizes(counts: Mapping[int, int]) -> dict[str, Any] | None:
    """Returns smallest, median and largest, and the count in each octave: [16, 5] means five in 16 ... 31."""
    if not counts:
        return None
    octaves: dict[int, int] = {}
    for size, number in counts.items():
        octave = 1 << (size.bit_length() - 1)
        octaves[octave] = octaves.get(octave, 0) + number
    half, below, median = (sum(counts.values()) + 1) // 2, 0, 0
    for size in sorted(counts):
        below += counts[size]
        median = size
        if below >= half:
            break
    return {
        "min": min(counts),
        "median": median,
        "max": max(counts),
        "histogram": [list(one) for one in sorted(octaves.items())],
    }


def _binned(levels: np.ndarray) -> list[int]:
    return levels.reshape(BINS, LEVELS // BINS).sum(1).tolist()


def _near_duplicates(directory: Path, shards: Sequence[Shard], features: Mapping[str, str]) -> dict[str, Any] | None:
    held = list(SplitCounts(features).images)
    if not held:
        return None
    splits = list(dict.fromkeys(shard.split for shard in shards))
    hashes, number, starts, total = [], [], [], 0
    with open(directory / "thumbnails", "w+b") as file:
        for shard in shards:
            found = read_hashes(str(directory), shard)
            file.write(found["thumbnail"].tobytes())
            hashes.append(found["hash"])
            number.append(np.full(len(found), splits.index(shard.split)))
            starts.append(total)
            total += len(found)
        file.flush()
        # Mapped and not read, because few thumbnails are compared.
        thumbnails = np.memmap(file, np.uint8, "r", shape=(total, THUMBNAIL**2)) if total else np.empty((0, 1), "u1")
        found_pairs = near_duplicates.find(np.concatenate(hashes), thumbnails, np.concatenate(number))
    listed = {image for pairs in found_pairs.pairs.values() for *_, one, other in pairs for image in (one, other)}
    names = _names(directory, shards, starts, sorted(listed))
    return {
        "features": held,
        "hash": "pHash, 64 bits",
        "distance": near_duplicates.DISTANCE,
        "tolerance": near_duplicates.TOLERANCE,
        "between": [
            {
                "splits": [splits[a], splits[b]],
                "pairs": count,
                "nearest": [
                    {"names": [names[one], names[other]], "levels": levels, "bits": bits}
                    for levels, bits, one, other in found_pairs.pairs.get((a, b), [])
                ],
            }
            for (a, b), count in found_pairs.counts.items()
        ],
    }


def _names(directory: Path, shards: Sequence[Shard], starts: Sequence[int], images: Sequence[int]) -> dict[int, str]:
    """Returns the names of images by their number over all shards; one shard's names are in memory at a time."""
    names: dict[int, str] = {}
    of_shard = np.searchsorted(starts, images, side="right") - 1
    for shard in np.unique(of_shard).tolist():
        held = read_report(str(directory), shards[shard])["names"]
        names |= {image: held[image - starts[shard]] for image in np.array(images)[of_shard == shard].tolist()}
    return names
