"""FrameExampleGen: folders of frames, one per sequence -> keyed records of frames in order."""

import collections
import dataclasses
import functools
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras_genssl.pretext.codec as codec  # only these modules: the component depends on no other part of `pretext`
from keras_genssl.pretext.class_folders import ClassFolders
from keras_genssl.pretext.names import canonical, natural_order
from pipelines.beam import progress
from pipelines.beam.shards import DeadLetter, Record
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.keyed_shards import SHARD_BYTES, shard_count, write_keyed
from pipelines.data.written import DUPLICATE, Dataset
from pipelines.errors import UserError
from pipelines.runtime import code, store
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

if TYPE_CHECKING:
    from pipelines.data.sources import Frames, Reading

SPEC = Component("FrameExampleGen", {"images": Kind.IMAGES}, Kind.EXAMPLES)
NAME = "frames"
FEATURES = {"key": "text", "name": "text", "image": "image", "sequence": "text", "frame": "int"}
MIN_FRAMES = 3  # with fewer frames an order cannot be told from its reverse

Sequences = dict[str, list[sources.File]]


@dataclasses.dataclass(frozen=True)
class Film:
    """A sequence: its key, its name (the folder) and its frames in order."""

    key: str
    name: str
    frames: list[sources.File]


def read(source: "Frames", reading: "Reading") -> Artifact:
    """Reads the examples of a recipe's source."""
    return frame_example_gen(
        source.folder,
        reading.home / NAME,
        sources.split_of(source, reading.exclude, reading.note),
        exclude=reading.exclude,
        max_failure_rate=source.max_failure_rate,
        labels=reading.labels,
        class_names=source.class_names,
        workers=reading.workers,
        tell=reading.tell,
    )


def frame_example_gen(
    source: str | os.PathLike[str],
    output_dir: str | os.PathLike[str],
    split: sources.Split,
    *,
    exclude: Iterable[str | os.PathLike[str]] = (),
    max_failure_rate: float = 0.5,
    max_pixels: int = codec.MAX_PIXELS,
    labels: bool = False,
    class_names: Sequence[str] | None = None,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes folders of frames as records: `key`, `name`, `image`, `sequence` (the folder) and `frame` (from 0 on).

    The frames of a folder are sorted by name, with numbers in names compared as numbers, and are consecutive in one
    shard; a sequence is in one split as a whole. A frame that cannot be decoded becomes a dead letter and leaves a gap
    in the numbers.

    Args:
        source: a folder whose sub-folders, at any depth, each hold the frames of a sequence, at least three.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        split: fractions of the sequences; or names of some, `{"eval": ["walk"]}`, with the rest in `train`; or the
            splits of the folder itself, `sources.own_splits`.
        exclude: folders below the source that are not searched.
        max_failure_rate: the largest share of the frames that may become dead letters (those of repeated sequences do
            not count).
        max_pixels: larger images are refused before they are decompressed.
        labels: whether to write `label` too, the number of the class folder in alphabetical order (`ClassFolders`), if
            every sequence is a folder below a class folder (`walk/film1`) and there are at least two classes.
        class_names: the classes in the order of their numbers, instead of those found in the folder.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest, whose `sequences` gives the number for each split.

    Raises:
        UserError: there is no sequence, `split` cannot be made, too many frames fail, or a split stays empty.
    """
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    listed, _ = sources.find(source, [*exclude, output_dir])
    found = sources.taken(listed, split)
    files, letters = sources.fingerprint(found)
    sequences, more = _sequences(files, split)
    letters += more
    if not sequences:
        first = f" {letters[0].path}: {letters[0].message}" if letters else ""
        raise UserError(f"`source` must hold a folder of at least {MIN_FRAMES} frames for each sequence.{first}")
    keys = {_key(frames): name for name, frames in sequences.items()}
    parts = _divide(keys, split)
    known = _names(listed) if isinstance(split, sources.FolderSplits) else sequences
    folders = sources.class_folders(known, class_names)
    classes = sources.classes(folders, sequences, class_names is not None) if labels else ()
    key_of = {name: key for key, name in keys.items()}
    films = {part: [Film(key_of[name], name, sequences[name]) for name in names] for part, names in parts.items()}
    sizes = {part: sum(file.size for film in held for file in film.frames) for part, held in films.items()}
    counts = {part: shard_count(len(held), sizes[part], SHARD_BYTES) for part, held in films.items()}
    execution: dict[str, Any] = {
        "component": "FrameExampleGen",
        "inputs": {
            "sequences": {name: [[file.label, file.key] for file in frames] for name, frames in sequences.items()},
            "dead_letters": [[letter.path, letter.message] for letter in letters],
        },
        "parameters": {
            "split": parts,
            "max_failure_rate": max_failure_rate,
            "max_pixels": max_pixels,
            **({"labels": list(classes)} if classes else {}),
        },
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        outcomes = functools.partial(_outcomes, max_pixels=max_pixels, folders=folders if classes else None)
        written = write_keyed(directory, NAME, films, counts, outcomes, workers, tell)
        repeated = sum(letter.error == DUPLICATE for letter in letters)
        features = FEATURES | ({"label": "label"} if classes else {})
        return Dataset(NAME, features, written, classes).finish(
            directory,
            len(found) - repeated,
            max_failure_rate,
            letters,
            **execution | {"inputs": {"files": store.digest(execution["inputs"])}},
            sequences={part: len(names) for part, names in parts.items()},
        )

    return publish(output_dir, execution, build)


def _names(files: Iterable[sources.File]) -> list[str]:
    """Returns the folders of files, which are their sequences."""
    return sorted({file.label.rpartition("/")[0] for file in files} - {""})


def _sequences(files: Iterable[sources.File], split: sources.Split) -> tuple[Sequences, list[DeadLetter]]:
    """Returns folder -> its frames in order; dead letters for frames outside, in a short or in a repeated sequence."""
    folders: Sequences = collections.defaultdict(list)
    for file in files:
        folders[file.label.rpartition("/")[0]].append(file)
    sequences: Sequences = {}
    letters: list[DeadLetter] = []
    seen: dict[str, str] = {}
    order = sorted(folders)
    if isinstance(split, sources.FolderSplits):  # a sequence in several splits is held out
        order.sort(key=lambda name: split.of(f"{name}/") == "train")
    for name in order:
        frames = sorted(folders[name], key=lambda file: natural_order(file.name))
        key = _key(frames)
        if not name:
            fault = ("NoSequence", "it lies in no folder of frames")
        elif len(frames) < MIN_FRAMES:
            fault = ("TooShort", f"{len(frames)} frames in its folder, and a sequence has at least {MIN_FRAMES}")
        elif key in seen:
            fault = (DUPLICATE, f"its folder holds the same frames as {seen[key]}")
        else:
            sequences[name] = frames
            seen[key] = name
            continue
        letters += [DeadLetter(file.key, file.label, "sequence", *fault) for file in frames]
    return sequences, letters


def _key(frames: Sequence[sources.File]) -> str:
    """Returns the key of a sequence: a digest of its frames' contents in order."""
    return hashlib.blake2b(" ".join(file.key for file in frames).encode(), digest_size=16).hexdigest()


def _divide(keys: Mapping[str, str], split: sources.Split) -> dict[str, list[str]]:
    """Returns split -> the names of its sequences."""
    if isinstance(split, sources.FolderSplits):
        return {part: sorted(one for one in keys.values() if split.of(f"{one}/") == part) for part in split.folders}
    if split and all(isinstance(value, int | float) for value in split.values()):
        chosen = sources.by_fraction(sorted(keys), split, "different sequences")  # type: ignore[arg-type]
        return {part: sorted(keys[key] for key in held) for part, held in chosen.items()}
    names = set(keys.values())
    spelt = collections.defaultdict(list)  # a name -> the sequences with that name, in different spellings
    for name in names:
        spelt[canonical(name)].append(name)
    parts: dict[str, list[str]] = {"train": []}
    for part, held in split.items():
        for name in held:  # type: ignore[union-attr]
            if canonical(name) not in spelt:
                raise UserError(f"`split` names {name!r} in {part!r}, which is none of: {', '.join(sorted(names)[:9])}")
        parts[part] = sorted(one for name in held for one in spelt[canonical(name)])  # type: ignore[union-attr]
    told = [name for held in parts.values() for name in held]
    if len(set(told)) < len(told):
        raise UserError(f"`split` must name a sequence once. Received: split={dict(split)}")
    if "train" not in split:
        parts["train"] = sorted(names - set(told))
    return parts


def _outcomes(films: Iterable[Film], max_pixels: int, folders: ClassFolders | None) -> Iterator[Record | DeadLetter]:
    for film in films:
        label = {"label": folders.number(film.name)} if folders is not None else {}
        for number, file in enumerate(film.frames):
            data = sources.read_again(file)
            try:
                image, mode = codec.decode_image(data, max_pixels)
            except codec.DECODE_ERRORS as error:
                yield DeadLetter(file.key, file.label, "decode", type(error).__name__, str(error))
                continue
            values: dict[str, bytes | int] = {
                "key": f"{film.key}-{number:06d}".encode(),
                "name": file.name.encode(),
                "image": codec.encode_png(image),
                "sequence": film.name.encode(),
                "frame": number,
            }
            facts: dict[str, int | str] = {"height": image.shape[0], "width": image.shape[1], "mode": mode}
            yield Record({**values, **label}, {**facts, **label})
