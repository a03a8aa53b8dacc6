"""Finds the image files of a folder, for `data.load`, for films and for the pipelines."""

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
        name: its path below the folder, joined by slashes, in NFC; bytes that are not UTF-8 are written as `\\xe9`.
    """

    path: str
    name: str


@dataclasses.dataclass(frozen=True)
class Entry:
    """A named entry of a folder."""

    name: str
    path: str
    is_folder: bool
    is_link: bool = False


class FileSystem(Protocol):
    """The access to files that a walk needs."""

    def entries(self, folder: str) -> list[Entry]:
        """Lists a folder without names that begin with a dot; raises OSError if it cannot be listed."""
        ...

    def identity(self, folder: str) -> str:
        """Returns a string that is equal for two paths of one folder."""
        ...

    def size(self, path: str) -> int:
        """Returns the bytes of a regular file; raises OSError for others, such as a pipe, which may never end."""
        ...

    def read(self, path: str) -> bytes:
        """Returns the bytes of a file; raises OSError like `size`."""
        ...


class LocalFiles:
    """The files of this machine."""

    def entries(self, folder: str) -> list[Entry]:
        """Lists the entries of a folder."""
        try:
            os.stat(os.path.join(folder, os.curdir))  # mode r-- gives only names, which are not enough
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
        """Returns the path with links resolved."""
        return os.path.realpath(folder)

    def size(self, path: str) -> int:
        """Returns the size of a regular file in bytes."""
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", path)
        return status.st_size

    def read(self, path: str) -> bytes:
        """Returns the bytes of a regular file."""
        self.size(path)
        with open(path, "rb") as file:
            return file.read()


def find_images(
    root: str, exclude: Iterable[str] = (), files: FileSystem | None = None
) -> tuple[list[ImageFile], Mapping[str, int]]:
    """Returns the image files of a folder and its sub-folders, sorted by name, and counts of ignored entries by kind.

    Names that begin with a dot are skipped. Links to folders are followed, but each folder is read once, under its own
    path rather than that of a link, so cycles end and nothing comes twice. Files other than images are ignored.
    Excluded sub-folders are ignored, and so are sub-folders in which a file shows that a program made them (prepared
    data, the output of a component, a SavedModel); each counts as one. Their images were derived from photographs, and
    must not be used as photographs.

    Args:
        root: the folder.
        exclude: folders to skip, which need not exist; the root itself is never skipped.
        files: the file system of the folder; None for this machine.

    Raises:
        OSError: if the folder or a sub-folder cannot be listed; `filename` says which.
    """
    system = files or LocalFiles()
    excluded = {system.identity(path) for path in exclude}
    ignored: collections.Counter[str] = collections.Counter()
    found: list[ImageFile] = []
    folders, links, seen = [(root, "")], list[tuple[str, str]](), set[str]()
    while folders or links:
        # Everything reached without a link comes before the first link.
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
    """Returns a path as text; bytes that are not UTF-8 are written as `\\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno in _NO_FOLDER:
            return False
        raise


def _is_made(folder: str, names: set[str], system: FileSystem) -> bool:
    """Tells from its content whether a program made a folder."""
    if names & {"dataset_info.json", "saved_model.pb"}:
        return True
    if "manifest.json" not in names:
        return False
    try:
        manifest = json.loads(system.read(os.path.join(folder, "manifest.json")))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and any(keys <= manifest.keys() for keys in _MANIFESTS)
