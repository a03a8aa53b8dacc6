"""ImageExampleGen: image files of any size and mode -> keyed 8-bit RGB records in shards."""

import functools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import keras_genssl.pretext.codec as codec  # only this module: the component depends on no other part of `pretext`
from keras_genssl.pretext.class_folders import ClassFolders
from pipelines.beam import progress
from pipelines.beam.shards import DeadLetter, Record
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen import looks
from pipelines.data.example_gen.keyed_shards import SHARD_BYTES, shard_count, write_keyed
from pipelines.data.written import Dataset
from pipelines.errors import UserError
from pipelines.runtime import code, store
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

if TYPE_CHECKING:
    from pipelines.data.sources import Folder, Reading

SPEC = Component("ImageExampleGen", {"images": Kind.IMAGES}, Kind.EXAMPLES)
Parts = Mapping[str, Callable[[np.ndarray], np.ndarray]]
WHOLE: Parts = {"image": looks.whole}


def read(source: "Folder", reading: "Reading") -> Artifact:
    """Reads the examples of a recipe's source."""
    return image_example_gen(
        source.folder,
        reading.home / "photographs",
        sources.split_of(source, reading.exclude, reading.note),
        exclude=reading.exclude,
        max_failure_rate=source.max_failure_rate,
        labels=reading.labels,
        class_names=source.class_names,
        workers=reading.workers,
        tell=reading.tell,
    )


def image_example_gen(
    source: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]],
    output_dir: str | os.PathLike[str],
    split: sources.Split,
    *,
    name: str = "photographs",
    exclude: Iterable[str | os.PathLike[str]] = (),
    shards: Mapping[str, int] | None = None,
    max_failure_rate: float = 0.5,
    max_pixels: int = codec.MAX_PIXELS,
    labels: bool = False,
    class_names: Sequence[str] | None = None,
    parts: Parts = WHOLE,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes image files as records: `key` (content hash), `name` (path without extension) and `image` (PNG).

    The content of the files counts, not their times. Identical files are one record. A file that cannot be
    decoded becomes a dead letter with the reason. The records are identical to the byte for any number of
    workers.

    Args:
        source: a folder, searched with its sub-folders, or a dict name -> path.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        split: fractions, `{"train": 0.9, "eval": 0.1}`; or names of files, `{"eval": ["coffee", "china"]}`,
            with the rest in `train`; or the splits of the folder itself, `sources.own_splits`.
        name: the name of the data set: lower-case letters, digits and underscores, starting with a letter.
        exclude: folders below the source that are not searched, such as those that this run writes;
            folders with prepared data or a SavedModel need not be named.
        shards: the number of files of each split; by default it follows from the bytes and the number of images.
        max_failure_rate: the largest share of the files that may become dead letters (duplicates do not count).
        max_pixels: larger images are refused before they are decompressed.
        labels: whether to write `label` too, the number of the class folder in alphabetical order (`ClassFolders`), if
            every image is in a class folder and there are at least two.
        class_names: the classes in the order of their numbers, instead of those found in the folder.
        parts: feature -> function that makes it from an image, uint8 (height, width, 3) both; a function of a module
            that raises ValueError if it cannot make it.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest.

    Raises:
        UserError: there is no image file, `split` cannot be made, a folder is not in `class_names`, too many files
            fail, or a split stays empty.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UserError(f"`name` must be lower-case letters, digits and underscores. Received: name={name!r}")
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    listed, ignored = sources.find(source, [*exclude, output_dir])
    found = sources.taken(listed, split)
    ignored += len(listed) - len(found)
    files, unreadable = sources.fingerprint(found)
    if not files:
        raise UserError(f"None of the {len(found)} image files can be read: {unreadable[0].message}")
    splits, duplicates = sources.divide(files, split)
    known = listed if isinstance(split, sources.FolderSplits) else files
    folders = sources.class_folders((file.label for file in known), class_names)
    classes = sources.classes(folders, [file.label for file in files], class_names is not None) if labels else ()
    counts = {part: _shard_count(part, splits[part], shards) for part in splits}
    parameters = {
        "name": name,
        "split": sources.described(split),
        "shards": counts,
        "max_failure_rate": max_failure_rate,
        "max_pixels": max_pixels,
        **({"labels": list(classes)} if classes else {}),
        **({} if parts == WHOLE else {"parts": {feature: made.__name__ for feature, made in parts.items()}}),
    }
    execution: dict[str, Any] = {
        "component": "ImageExampleGen",
        "inputs": {
            "files": sorted([file.label, file.name, file.key] for file in files),
            "unreadable": [letter.path for letter in unreadable],
        },
        "parameters": parameters,
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        outcomes = functools.partial(
            _outcomes, max_pixels=max_pixels, folders=folders if classes else None, parts=parts
        )
        written = write_keyed(directory, name, splits, counts, outcomes, workers, tell)
        features = {"key": "text", "name": "text", **dict.fromkeys(parts, "image")} | (
            {"label": "label"} if classes else {}
        )
        return Dataset(name, features, written, classes).finish(
            directory,
            len(found) - len(duplicates),
            max_failure_rate,
            [*unreadable, *duplicates],
            component="ImageExampleGen",
            inputs={"files": store.digest(execution["inputs"])},
            parameters=parameters,
            counts={
                "files": len(found),
                "ignored": ignored,
                "unreadable": len(unreadable),
                "duplicates": len(duplicates),
            },
            code=execution["code"],
            versions=execution["versions"],
        )

    return publish(output_dir, execution, build)


def _shard_count(split: str, files: list[sources.File], shards: Mapping[str, int] | None) -> int:
    if shards is not None:
        if shards.get(split, 0) < 1:
            raise UserError(f"`shards` must give a positive number for {split!r}. Received: {dict(shards)}")
        return shards[split]
    return shard_count(len(files), sum(file.size for file in files), SHARD_BYTES)


def _outcomes(
    files: Iterable[sources.File], max_pixels: int, folders: ClassFolders | None, parts: Parts
) -> Iterator[Record | DeadLetter]:
    for file in files:
        data = sources.read_again(file)
        try:
            image, mode = codec.decode_image(data, max_pixels)
            made = {feature: part(image) for feature, part in parts.items()}
        except codec.DECODE_ERRORS as error:
            yield DeadLetter(file.key, file.label, "decode", type(error).__name__, str(error))
            continue
        pictures = {feature: codec.encode_png(picture) for feature, picture in made.items()}
        facts: dict[str, int | str] = {"mode": mode}
        for feature, picture in made.items():
            before = "" if feature == "image" else f"{feature}_"
            facts[f"{before}height"], facts[f"{before}width"] = picture.shape[:2]
        values: dict[str, bytes | int] = {"key": file.key.encode(), "name": file.name.encode(), **pictures}
        if folders is not None:
            values["label"] = facts["label"] = folders.number(file.label)
        yield Record(values, facts)
