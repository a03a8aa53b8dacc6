"""Finds image files, identifies them by content, and divides them into splits."""

import collections
import dataclasses
import difflib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_genssl.pretext.class_folders import ClassFolders
from keras_genssl.pretext.image_files import find_images, printable
from keras_genssl.pretext.names import canonical, canonical_paths
from pipelines.beam.shards import DeadLetter, hash64
from pipelines.data.written import DUPLICATE
from pipelines.errors import UserError

if TYPE_CHECKING:
    from pipelines.data.sources.folder import InFolder


@dataclasses.dataclass(frozen=True)
class FolderSplits:
    """The splits of a divided folder: split -> the sub-folder with its images; other sub-folders are not read."""

    folders: Mapping[str, str]

    def of(self, name: str) -> str | None:
        """Returns the split of a file, by its name or label."""
        first = name.partition("/")[0] if "/" in name else None
        return next((split for split, folder in self.folders.items() if folder == first), None)


Split = Mapping[str, float] | Mapping[str, Sequence[str]] | FolderSplits


def own_splits(folders: ClassFolders, train: str, held_out: str) -> FolderSplits | None:
    """Returns the splits train and eval of a folder that is divided itself; None if it is not.

    Args:
        folders: what the names in the folder say.
        train: the split to train on, the name of its sub-folder.
        held_out: the split that becomes eval; if there is none with this name, the only other split is used.

    Raises:
        UserError: the folder is divided, but has no such splits.
    """
    if not folders.splits:
        return None
    others = folders.held_out()
    chosen = {"train": folders.split(train), "eval": folders.split(held_out)}
    if chosen["eval"] is None and len(others) == 1:
        chosen["eval"] = others[0]
    if chosen["train"] is None or chosen["eval"] is None or chosen["train"] == chosen["eval"]:
        raise UserError(
            f"data.train_split={train} and data.eval_split={held_out}: must be two of the folder's own splits, "
            f"{', '.join(folders.splits)}"
        )
    return FolderSplits({split: folder for split, folder in chosen.items() if folder is not None})


def described(split: Split) -> dict[str, Any]:
    """Returns a division as a JSON value."""
    if isinstance(split, FolderSplits):
        return {"folders": dict(split.folders)}
    return {part: value if isinstance(value, int | float) else list(value) for part, value in split.items()}


def split_of(source: "InFolder", exclude: Iterable[str | os.PathLike[str]], note: Callable[[str], None]) -> Split:
    """Returns how a folder of a recipe is divided: by its own splits if it has some, otherwise as the recipe says.

    Args:
        source: the section of the recipe.
        exclude: folders to ignore.
        note: called with a line about what the folder decided.

    Raises:
        UserError: the folder cannot be read, or its own splits differ from the recipe's.
    """
    labels = [file.label for file in find(source.folder, exclude)[0]]
    folders = class_folders(labels, source.class_names)
    own = own_splits(folders, source.train_split, source.eval_split)
    if folders.doubt is not None:
        note(f"{folders.doubt}.".replace("`class_names`", "data.class_names"))
    if own is None:
        return source.split
    if source.held_out is not None:
        raise UserError(
            f"data.held_out: must be left out, for {source.folder} has splits of its own, {', '.join(folders.splits)}"
        )
    note(f"splits of the folder itself: {own.folders['train']}/ to train on, {own.folders['eval']}/ held out")
    return own


@dataclasses.dataclass(frozen=True)
class File:
    """An image file: its path, its name and its content.

    Names are in Unicode's form NFC, however the file system spells them. The exception are files of one folder whose
    names
    differ only by their spelling: they keep it.

    Attributes:
        path: the path to read it from.
        name: its path below the source, which splits and reports use; without the extension, unless another file
            differs only by that.
        label: its path below the source, which dead letters use.
        key: the blake2b digest of its bytes.
        size: the number of bytes.
    """

    path: str
    name: str
    label: str
    key: str = ""
    size: int = 0


def find(
    source: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]],
    exclude: Iterable[str | os.PathLike[str]] = (),
) -> tuple[list[File], int]:
    """Returns the image files of a folder and below, or of a dict name -> path, sorted; and how many were ignored.

    `find_images` decides which files of a folder are read; `data.load` uses it too.

    Args:
        source: the folder or the files.
        exclude: folders to ignore, which need not exist.

    Raises:
        UserError: the folder is missing, holds no image file, or it or one below cannot be read.
    """
    if isinstance(source, Mapping):
        if not source:
            raise UserError("`source` must name at least one file. Received: source={}")
        names = canonical_paths(list(source))
        named = [
            File(os.fspath(path), name, Path(path).name) for name, path in zip(names, source.values(), strict=True)
        ]
        return sorted(named, key=lambda file: file.name), 0
    root = Path(source).expanduser()
    try:
        is_folder = root.is_dir()
    except OSError as error:
        raise unreadable(root, error) from error
    if not is_folder:
        raise UserError(f"`source` must be a folder of images. Received: {str(root)!r}, which is no folder")
    try:
        found, ignored = find_images(str(root), [os.path.expanduser(path) for path in exclude])
    except OSError as error:
        raise unreadable(Path(printable(error.filename)), error) from error
    if not found:
        others = ", ".join(f"{count} {suffix}" for suffix, count in sorted(ignored.items())) or "nothing"
        raise UserError(f"`source` must hold image files. {str(root)!r} holds {others}")
    files = [File(file.path, os.path.splitext(file.name)[0], file.name) for file in found]
    return list(_told_apart(files)), sum(ignored.values())


def _told_apart(files: Sequence[File]) -> Iterator[File]:
    """Yields files with the same name with their extensions in the name: `same.png` and `same.jpg` are two images."""
    count = collections.Counter(file.name for file in files)
    for file in files:
        yield dataclasses.replace(file, name=file.label) if count[file.name] > 1 else file


def unreadable(folder: Path, error: OSError) -> UserError:
    """Makes the error for a folder that cannot be read."""
    return UserError(f"{folder}: the folder cannot be read: {error.strerror or error}")


def content_key(data: bytes) -> str:
    """Returns the key of a record: a digest of the file's bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read_again(file: File) -> bytes:
    """Returns the bytes of a file that was fingerprinted.

    Raises:
        UserError: the file has changed since.
    """
    data = Path(file.path).read_bytes()
    if content_key(data) != file.key:
        raise UserError(f"{file.label} changed while it was being read; run again")
    return data


def fingerprint(files: Sequence[File]) -> tuple[list[File], list[DeadLetter]]:
    """Reads every file once; returns the files with key and size, and dead letters for those that cannot be read."""

    def one(file: File) -> File | DeadLetter:
        try:
            mode = os.stat(file.path).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # reading a pipe or a device may never end
                return DeadLetter(None, file.label, "read", "OSError", "is no regular file")
            data = Path(file.path).read_bytes()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "cannot be read"
            return DeadLetter(None, file.label, "read", type(error).__name__, reason)
        return dataclasses.replace(file, key=content_key(data), size=len(data))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, files))
    readable = [result for result in results if isinstance(result, File)]
    return readable, [result for result in results if isinstance(result, DeadLetter)]


def taken(files: Sequence[File], split: Split) -> list[File]:
    """Returns the files that are read: all, or, for a folder with its own splits, those of the chosen splits."""
    return [file for file in files if not isinstance(split, FolderSplits) or split.of(file.label) is not None]


def class_folders(names: Iterable[str], class_names: Sequence[str] | None) -> ClassFolders:
    """Returns what the names of all files in a folder say about classes.

    Raises:
        UserError: `class_names` cannot be names of classes.
    """
    try:
        return ClassFolders(list(names), class_names)
    except ValueError as error:
        raise UserError(str(error)) from error


def classes(folders: ClassFolders, names: Iterable[str], given: bool) -> tuple[str, ...]:
    """Returns the classes by number, if all files are in class folders and there are at least two, or given ones.

    Raises:
        UserError: they are given, and a file is in none of them.
    """
    try:
        numbers = folders.numbers(names)
    except ValueError as error:
        raise UserError(str(error)) from error
    return folders.class_names if numbers is not None and (given or len(folders.class_names) > 1) else ()


def divide(files: Sequence[File], split: Split) -> tuple[dict[str, list[File]], list[DeadLetter]]:
    """Divides files into splits. The first of identical files counts, and the others become dead letters.

    Fractions use the hash of the content, so a file stays in its split when other files come and go; an otherwise empty
    split takes the file that is nearest to it. Named files (by name, with or without extension) go to the split that
    names them, with all their duplicates, and the rest to `train`. In a folder with its own splits, a file that is in
    several is held out and not trained on.

    Returns:
        Split -> files in the order of their keys, and the duplicates.

    Raises:
        UserError: `split` has neither form or names an unknown file, or there are fewer files than splits.
    """
    groups: dict[str, list[File]] = collections.defaultdict(list)
    if isinstance(split, FolderSplits):
        files = sorted(files, key=lambda file: split.of(file.label) == "train")
    for file in files:
        groups[file.key].append(file)
    duplicates = [
        DeadLetter(key, twin.label, "split", DUPLICATE, f"the same bytes as {first.label}")
        for key, (first, *twins) in groups.items()
        for twin in twins
    ]
    if isinstance(split, FolderSplits):
        chosen = {part: [key for key in groups if split.of(groups[key][0].label) == part] for part in split.folders}
    elif split and all(isinstance(value, int | float) for value in split.values()):
        chosen = by_fraction(list(groups), split)  # type: ignore[arg-type]
    elif split and all(isinstance(value, list | tuple) for value in split.values()):
        chosen = _by_name(groups, split)  # type: ignore[arg-type]
    else:
        raise UserError(
            '`split` must be fractions ({"train": 0.9, "eval": 0.1}) or names of files '
            f'({{"eval": ["coffee"]}}). Received: split={split!r}'
        )
    parts: dict[str, list[File]] = {name: [] for name in chosen}
    for name, keys in chosen.items():
        parts[name] = [groups[key][0] for key in sorted(keys)]
    return parts, duplicates


def by_fraction(
    keys: Sequence[str], fractions: Mapping[str, float], what: str = "different readable image files"
) -> dict[str, list[str]]:
    """Divides keys by their hashes: split -> keys; an otherwise empty split takes the key that is nearest to it.

    Args:
        keys: the keys to divide.
        fractions: split -> its share of the keys.
        what: what the keys stand for, in messages.

    Raises:
        UserError: the fractions do not sum to one, or there are fewer keys than splits.
    """
    if min(fractions.values()) <= 0 or abs(sum(fractions.values()) - 1) > 1e-6:
        raise UserError(f"The fractions of `split` must be positive and sum to 1. Received: split={fractions}")
    if len(keys) < len(fractions):
        raise UserError(f"`split` names {len(fractions)} splits. Received: {len(keys)} {what}, fewer than splits")
    place = {key: hash64(key, "split") / 2**64 for key in keys}
    chosen: dict[str, list[str]] = {}
    ends: dict[str, tuple[float, float]] = {}
    low = 0.0
    for name, fraction in fractions.items():
        ends[name] = (low, low + fraction)
        last = len(ends) == len(fractions)
        chosen[name] = [key for key in keys if low <= place[key] and (last or place[key] < low + fraction)]
        low += fraction
    for name in chosen:
        if not chosen[name]:
            giver = max(chosen, key=lambda other: len(chosen[other]))
            middle = sum(ends[name]) / 2
            nearest = min(chosen[giver], key=lambda key: abs(place[key] - middle))
            chosen[giver].remove(nearest)
            chosen[name].append(nearest)
    return chosen


def _by_name(groups: Mapping[str, list[File]], named: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    keys_of: dict[str, set[str]] = collections.defaultdict(set)
    for key, twins in groups.items():
        for file in twins:
            for name in (file.name, file.label, os.path.splitext(file.label)[0]):
                keys_of[canonical(name)].add(key)
    split_of: dict[str, str] = {}
    for split, names in named.items():
        for name in map(canonical, names):
            if name not in keys_of:
                near = difflib.get_close_matches(name, keys_of, n=3) or sorted(keys_of)[:3]
                raise UserError(
                    f"`split` names {name!r} in {split!r}, which is none of the files. The nearest: {', '.join(near)}"
                )
            for key in keys_of[name]:
                if split_of.setdefault(key, split) != split:
                    raise UserError(f"{name!r} is in two splits: {split_of[key]!r} and {split!r}")
    chosen: dict[str, list[str]] = {name: [] for name in dict.fromkeys(["train", *named])}
    for key in groups:
        chosen[split_of.get(key, "train")].append(key)
    return chosen
