"""MatchedExampleGen: two folders of images matched by name -> keyed records of pairs in shards."""

import dataclasses
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from keras_genssl.pretext import codec
from pipelines.beam import progress
from pipelines.beam.shards import DeadLetter
from pipelines.data.example_gen import image_files
from pipelines.data.example_gen.image_pairs import SIDES, Pair, pair_key, publish_pairs
from pipelines.data.written import DUPLICATE
from pipelines.errors import UserError
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

if TYPE_CHECKING:
    from pipelines.data.sources import MatchedFolders, Reading

SPEC = Component("MatchedExampleGen", {"images": Kind.IMAGES}, Kind.EXAMPLES)


def read(source: "MatchedFolders", reading: "Reading") -> Artifact:
    """Reads the examples of a recipe's source."""
    folders = {"first": source.first, "second": source.second}
    names = [file.label for folder in folders.values() for file in image_files.find(folder, reading.exclude)[0]]
    inside = image_files.class_folders(names, None)
    own = image_files.own_splits(inside, source.train_split, source.eval_split)
    if own is not None:
        reading.note(f"splits of the folders themselves: {own.folders['train']}/ and {own.folders['eval']}/")
    return matched_example_gen(
        folders,
        reading.home / "matched",
        own or source.split,
        exclude=reading.exclude,
        max_failure_rate=source.max_failure_rate,
        workers=reading.workers,
        tell=reading.tell,
    )


def matched_example_gen(
    folders: Mapping[str, str | os.PathLike[str]],
    output_dir: str | os.PathLike[str],
    split: Mapping[str, float] | image_files.FolderSplits,
    *,
    exclude: Iterable[str | os.PathLike[str]] = (),
    max_failure_rate: float = 0.5,
    max_pixels: int = codec.MAX_PIXELS,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes images of two folders with the same name as pairs: `key`, `name`, `first` and `second`.

    The name is the path below the folder without the extension. An image whose name the other folder lacks, or that
    cannot be read, becomes a dead letter with its folder and name. Pairs that share an image, directly or through other
    pairs, are in the same split.

    Args:
        folders: `first` and `second`.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        split: fractions, `{"train": 0.9, "eval": 0.1}`, or the splits of the folders themselves.
        exclude: folders that are not searched.
        max_failure_rate: the largest share of the names that may become dead letters (repeated pairs do not count).
        max_pixels: larger images are refused before they are decompressed.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, which `keras_genssl.data.load` reads.

    Raises:
        UserError: a folder cannot be read, no name is in both folders, too many fail, or a split stays empty.
    """
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    found: dict[str, dict[str, image_files.File]] = {}
    letters: list[DeadLetter] = []
    unreadable: set[str] = set()
    for side in SIDES:
        listed = image_files.taken(image_files.find(folders[side], [*exclude, output_dir])[0], split)
        files, bad = image_files.fingerprint(
            [dataclasses.replace(file, label=f"{side}/{file.label}") for file in listed]
        )
        found[side] = {file.name: file for file in files}
        letters += bad
        unreadable |= {file.name for file in listed} - set(found[side])
    names = sorted(set(found["first"]) | set(found["second"]))
    pairs: dict[tuple[str, str], Pair] = {}
    for name in names:
        partners = [found[side].get(name) for side in SIDES]
        lonely = [file for file in partners if file is not None]
        if len(lonely) == 2:
            first, second = lonely
            key = (first.key, second.key)
            if key in pairs:
                told = f"the same pair as {pairs[key].row}"
                letters.append(DeadLetter(pair_key(first, second), name, "split", DUPLICATE, told))
            else:
                part = split.of(name) if isinstance(split, image_files.FolderSplits) else None
                pairs[key] = Pair(pair_key(first, second), name, (first, second), None, part)
        elif name not in unreadable:
            (file,) = lonely
            letters.append(DeadLetter(file.key, file.label, "match", "Unmatched", "the other folder has no such name"))
    source = " and ".join(str(folders[side]) for side in SIDES)
    if not pairs:
        raise UserError(f"{source}: no image of one has the name of an image of the other")
    return publish_pairs(
        SPEC.name,
        source,
        list(pairs.values()),
        letters,
        split,
        output_dir,
        max_failure_rate=max_failure_rate,
        max_pixels=max_pixels,
        code_of=__name__,
        workers=workers,
        tell=tell,
    )
