"""Names of files and classes: one spelling, and their order."""

import collections
import contextlib
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Make a sort key that compares numbers in names as numbers: `frame9` comes before `frame10`.

    A number comes before other text. Numbers that differ only in leading zeros are sorted as text.

    Args:
        name: name of a file, without its extension.

    Returns:
        A key for `sorted`.

    Example:
        >>> sorted(["frame10", "frame9", "frame", "09", "9"], key=natural_order)
        ['09', '9', 'frame', 'frame9', 'frame10']
    """
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def canonical(name: str) -> str:
    """Returns the name in Unicode's normalization form C, in which equivalent names are equal.

    Example:
        >>> canonical("Zoe\\u0308") == "Zo\\u00eb"
        True
    """
    return unicodedata.normalize("NFC", str(name))


def canonical_labels(labels: npt.ArrayLike) -> np.ndarray:
    """Returns labels as an array, with strings in canonical form.

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
    """Returns as many paths as given, with slashes and canonical parts.

    If a folder holds two names that differ only in their spelling, which Linux allows, both keep their spelling, so
    that their files stay distinct.

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
    """Returns, for each path, the path of the existing file, whose name or folders may be spelt differently.

    If no such file exists, or several do, it is the given path.
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
