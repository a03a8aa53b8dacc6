"""Finding image files, knowing them by content, and dividing them into splits."""

import collections
import dataclasses
import difflib
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from keras_genssl.pretext.codec import EXTENSIONS
from keras_genssl.pretext.names import canonical, canonical_paths
from pipelines.beam.shards import DeadLetter, hash64, read_file
from pipelines.components.dataset import DUPLICATE
from pipelines.errors import UserError

# What manifests of ours hold: those of prepared data, and those of what other components leave.
_MANIFESTS = ({"format", "splits"}, {"digest", "inputs", "result"})

Split = Mapping[str, float] | Mapping[str, Sequence[str]]


@dataclasses.dataclass(frozen=True)
class File:
    """An image file: where it is, what it is called, what is in it.

    It is called by names in Unicode's form NFC, however its file system spells them, but for files of one folder that
    differ by their spelling alone: they are told apart by it.

    Attributes:
        path: where to read it.
        name: its path below the source, by which splits and reports know it; without its extension, unless another
            file differs by that alone.
        label: its path below the source, by which dead letters know it.
        key: the blake2b digest of its bytes.
        size: how many bytes.
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
    """The image files of a folder and below, or of a dict name -> path, sorted; and how many were ignored.

    Other files are ignored; hidden files and folders are not looked at. Links to folders are followed, but for those
    that lead back to where they lie. Folders below that are excluded, or that show by a file in them that a program
    made them (prepared data, what a component left, a SavedModel), are ignored whole, and each counts as one: their
    images were made from photographs, and would be trained on and judged as such.

    Args:
        source: the folder or the files.
        exclude: folders to ignore, which need not exist.

    Raises:
        UserError: if the folder is missing, holds no image file, or it or one below cannot be read.
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
    files: list[File] = []
    ignored: collections.Counter[str] = collections.Counter()
    excluded = {Path(path).expanduser().resolve() for path in exclude}
    for folder, folders, names in os.walk(root, onerror=_refuse, followlinks=True):
        visible = [name for name in folders if not name.startswith(".") and not _leads_back(Path(folder, name), root)]
        folders[:] = [
            name
            for name in visible
            if Path(folder, name).resolve() not in excluded and not _is_made(Path(folder, name))
        ]
        if len(folders) < len(visible):
            ignored["folders that a program made"] += len(visible) - len(folders)
        for path in (Path(folder, name) for name in names if not name.startswith(".")):
            if path.suffix.lower() not in EXTENSIONS:
                ignored[path.suffix.lower() or "no extension"] += 1
                continue
            label = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")
            files.append(File(str(path), label[: -len(path.suffix)], label))
    if not files:
        others = ", ".join(f"{count} {suffix}" for suffix, count in sorted(ignored.items())) or "nothing"
        raise UserError(f"`source` must hold image files. {str(root)!r} holds {others}")
    return sorted(_told_apart(_spelt(files)), key=lambda file: file.label), ignored.total()


def _leads_back(folder: Path, root: Path) -> bool:
    """Whether a folder is a link to one of those that it lies in, so that there would be no end of it."""
    if not folder.is_symlink():
        return False
    above = [parent for parent in folder.parents if parent == root or root in parent.parents]
    return folder.resolve() in [parent.resolve() for parent in above]


def _spelt(files: Sequence[File]) -> list[File]:
    """Files under canonical names."""
    labels = canonical_paths([file.label for file in files])
    return [
        dataclasses.replace(file, name=label[: -len(Path(file.path).suffix)], label=label)
        for file, label in zip(files, labels, strict=True)
    ]


def _told_apart(files: Sequence[File]) -> Iterator[File]:
    """Files of one name under theirs with the extension: `same.png` and `same.jpg` are two images."""
    count = collections.Counter(file.name for file in files)
    for file in files:
        yield dataclasses.replace(file, name=file.label) if count[file.name] > 1 else file


def unreadable(folder: Path, error: OSError) -> UserError:
    """The error of a folder that cannot be looked into."""
    return UserError(f"{folder}: the folder cannot be read: {error.strerror or error}")


def _refuse(error: OSError) -> None:
    raise unreadable(Path(error.filename), error) from error


def _is_made(folder: Path) -> bool:
    try:
        if any((folder / name).is_file() for name in ("dataset_info.json", "saved_model.pb")):
            return True
    except OSError as error:
        raise unreadable(folder, error) from error
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and any(keys <= manifest.keys() for keys in _MANIFESTS)


def content_key(data: bytes) -> str:
    """The key of a record: a digest of the file's bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def fingerprint(files: Sequence[File]) -> tuple[list[File], list[DeadLetter]]:
    """Read every file once: the files with key and size, and dead letters for those that cannot be read."""

    def one(file: File) -> File | DeadLetter:
        try:
            mode = os.stat(file.path).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe or a device may be read for ever
                return DeadLetter(None, file.label, "read", "OSError", "is no regular file")
            data = read_file(file.path)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "cannot be read"
            return DeadLetter(None, file.label, "read", type(error).__name__, reason)
        return dataclasses.replace(file, key=content_key(data), size=len(data))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, files))
    readable = [result for result in results if isinstance(result, File)]
    return readable, [result for result in results if isinstance(result, DeadLetter)]


def divide(files: Sequence[File], split: Split) -> tuple[dict[str, list[File]], list[DeadLetter]]:
    """Divide files into splits; of identical files the first counts and the others are dead letters.

    Fractions go by the hash of the content, so that a file stays in its split when others come and go; a
    split that would get nothing takes the file that is nearest to it. Named files (by name, with or without
    extension) go where they are named, with all their duplicates, and the rest to `train`.

    Returns:
        Split -> files in the order of their keys, and the duplicates.

    Raises:
        UserError: if `split` is neither, names an unknown file, or there are fewer files than splits.
    """
    groups: dict[str, list[File]] = collections.defaultdict(list)
    for file in files:
        groups[file.key].append(file)
    duplicates = [
        DeadLetter(key, twin.label, "split", DUPLICATE, f"the same bytes as {first.label}")
        for key, (first, *twins) in groups.items()
        for twin in twins
    ]
    if split and all(isinstance(value, int | float) for value in split.values()):
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
    """Split -> keys, by the hash of each key; a split that would get nothing takes the key that is nearest to it.

    Args:
        keys: to divide.
        fractions: split -> its part of them.
        what: the keys stand for, in messages.

    Raises:
        UserError: if the fractions do not sum to one, or there are fewer keys than splits.
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
