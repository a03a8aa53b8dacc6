"""Finding the image files of a folder: the one walk of `data.load`, of films and of the pipelines."""

import collections
import dataclasses
import errno
import heapq
import json
import os
import stat
from collections.abc import Iterable, Mapping
from typing import Protocol

from keras_genssl.pretext.codec import EXTENSIONS
from keras_genssl.pretext.names import canonical_paths

# What manifests of ours hold: those of prepared data, and those of what other components leave.
_MANIFESTS = ({"format", "splits"}, {"digest", "inputs", "result"})
_NO_FOLDER = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # of a link that leads nowhere


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An image file that was found.

    Attributes:
        path: where to read it.
        name: its path below the folder, joined by slashes, in NFC; bytes that are no UTF-8 stand as `\\xe9`.
    """

    path: str
    name: str


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a folder holds under a name."""

    name: str
    path: str
    is_folder: bool
    is_link: bool = False


class FileSystem(Protocol):
    """What a walk asks of the place where the files lie."""

    def entries(self, folder: str) -> list[Entry]:
        """What a folder holds but names with a dot at their beginning; OSError if it cannot be looked into."""
        ...

    def identity(self, folder: str) -> str:
        """Equal for two paths of one folder."""
        ...

    def size(self, path: str) -> int:
        """How many bytes a file has; OSError if it is missing or none, such as a pipe, which may be read for ever."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of a file; OSError as of `size`."""
        ...


class LocalFiles:
    """The files of this machine."""

    def entries(self, folder: str) -> list[Entry]:
        """What a folder holds."""
        try:
            os.stat(os.path.join(folder, os.curdir))  # names alone, which mode r-- gives, are not enough
        except OSError as error:
            error.filename = folder
            raise
        with os.scandir(folder) as found:
            return [
                Entry(one.name, one.path, _is_folder(one), one.is_symlink())
                for one in found
                if not one.name.startswith(".")
            ]

    def identity(self, folder: str) -> str:
        """The path without links."""
        return os.path.realpath(folder)

    def size(self, path: str) -> int:
        """How many bytes a regular file has."""
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", path)
        return status.st_size

    def read(self, path: str) -> bytes:
        """The bytes of a regular file."""
        self.size(path)
        with open(path, "rb") as file:
            return file.read()


def find_images(
    root: str, exclude: Iterable[str] = (), files: FileSystem | None = None
) -> tuple[list[ImageFile], Mapping[str, int]]:
    """The image files of a folder and below, sorted by name; and what was ignored, by kind.

    Names that begin with a dot are not looked at. Links to folders are followed, but each folder is read once, under
    its own path rather than a link's: circles end, and nothing is there twice. Other files than images are ignored;
    folders below that are excluded, or that show by a file in them that a program made them (prepared data, what a
    component left, a SavedModel), are ignored whole, and each counts as one: their images were made from photographs,
    and would be trained on and judged as such.

    Args:
        root: the folder.
        exclude: folders that are not looked into, which need not exist; the root is always.
        files: where it lies; None: on this machine.

    Raises:
        OSError: if it or a folder below cannot be looked into; `filename` says which.
    """
    system = files or LocalFiles()
    excluded = {system.identity(path) for path in exclude}
    ignored: collections.Counter[str] = collections.Counter()
    found: list[ImageFile] = []
    folders, links, seen = [(root, "")], list[tuple[str, str]](), set[str]()
    while folders or links:
        # All that is reached without a link comes before the first link.
        if folders:
            path, name = folders.pop()
        else:
            name, path = heapq.heappop(links)
        identity = system.identity(path)
        if identity in seen:
            continue
        seen.add(identity)
        entries = [] if name and identity in excluded else system.entries(path)
        if name and (identity in excluded or _is_made(path, {entry.name for entry in entries}, system)):
            ignored["folders that a program made"] += 1
            continue
        for entry, spelled in zip(entries, canonical_paths([printable(entry.name) for entry in entries]), strict=True):
            below = f"{name}/{spelled}" if name else spelled
            extension = os.path.splitext(entry.name)[1].lower()
            if entry.is_folder:
                if entry.is_link:
                    heapq.heappush(links, (below, entry.path))
                else:
                    folders.append((entry.path, below))
            elif extension in EXTENSIONS:
                found.append(ImageFile(entry.path, below))
            else:
                ignored[extension or "no extension"] += 1
    return sorted(found, key=lambda file: file.name), ignored


def printable(path: str) -> str:
    """A path as text, bytes in it that are no UTF-8 as `\\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno in _NO_FOLDER:
            return False
        raise


def _is_made(folder: str, names: set[str], system: FileSystem) -> bool:
    """Whether a program made a folder, by what it holds."""
    if names & {"dataset_info.json", "saved_model.pb"}:
        return True
    if "manifest.json" not in names:
        return False
    try:
        manifest = json.loads(system.read(os.path.join(folder, "manifest.json")))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and any(keys <= manifest.keys() for keys in _MANIFESTS)
