"""One spelling for each name: macOS writes an accented letter as two code points where others write one.

Where a name is a key (of a person, a class, an image, a film) it is `canonical`; a file is opened by the path that it
has on disk.
"""

import collections
import contextlib
import os
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt


def canonical(name: str) -> str:
    """The name in Unicode's normalization form C, in which names that look alike, and mean the same, are equal.

    Example:
        >>> canonical("Zoe\\u0308") == "Zo\\u00eb"
        True
    """
    return unicodedata.normalize("NFC", str(name))


def canonical_labels(labels: npt.ArrayLike) -> np.ndarray:
    """Labels as an array, strings among them canonical.

    Example:
        >>> len(set(canonical_labels(["Zoe\\u0308", "Zo\\u00eb"]).tolist()))
        1
    """
    array = np.asarray(labels)
    if array.dtype.kind not in "UO":
        return array
    flat = [canonical(label) if isinstance(label, str) else label for label in array.ravel().tolist()]
    return np.array(flat, np.str_ if array.dtype.kind == "U" else object).reshape(array.shape)


def canonical_paths(paths: Sequence[str]) -> list[str]:
    """Paths with slashes, canonical part by part, and as many as before.

    Where a folder holds two names that differ by their spelling alone, which Linux allows, both keep theirs: their
    files are told apart.

    Example:
        >>> canonical_paths(["Zoe\\u0308/1.png", "anna/1.png"]) == ["Zo\\u00eb/1.png", "anna/1.png"]
        True
        >>> canonical_paths(["Zoe\\u0308/1.png", "Zo\\u00eb/1.png"]) == ["Zoe\\u0308/1.png", "Zo\\u00eb/1.png"]
        True
    """
    if all(map(str.isascii, paths)):
        return list(paths)
    spellings: dict[tuple[str, str], set[str]] = collections.defaultdict(set)
    for path in paths:
        above = ""
        for part in path.split("/"):
            spellings[above, canonical(part)].add(part)
            above = f"{above}/{part}"

    def spelt(path: str) -> str:
        parts, above = [], ""
        for part in path.split("/"):
            name = canonical(part)
            parts.append(part if len(spellings[above, name]) > 1 else name)
            above = f"{above}/{part}"
        return "/".join(parts)

    return [spelt(path) for path in paths]


def on_disk(paths: Iterable[str]) -> dict[str, str]:
    """Each path with the one of a file that is there, though its name or that of a folder above is spelt otherwise.

    Where there is none, or several are spelt otherwise, it is the path itself.
    """
    listed: dict[str, dict[str, list[str]]] = {}

    def inside(folder: str) -> dict[str, list[str]]:
        """Canonical name -> those in a folder; a folder is looked into once."""
        if folder not in listed:
            listed[folder] = collections.defaultdict(list)
            with contextlib.suppress(OSError):
                for name in os.listdir(folder or "."):
                    listed[folder][canonical(name)].append(name)
        return listed[folder]

    def found(path: str) -> str:
        folder, name = os.path.split(path)
        if path.isascii() or not name or os.path.lexists(path):
            return path
        above = found(folder)
        if os.path.lexists(os.path.join(above, name)):
            return os.path.join(above, name)
        names = inside(above)[canonical(name)]
        return os.path.join(above, names[0]) if len(names) == 1 else path

    return {path: found(path) for path in paths}
