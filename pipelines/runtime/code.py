"""A digest of the code that a result depends on, and the versions of what it stands on."""

import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.runtime.definitions import Definition, Tree

ROOT = Path(__file__).parents[2]
FIRST_PARTY = ("keras_genssl", "pipelines")
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "apache-beam", "tensorflow-datasets")


def digest(*roots: Callable[..., Any] | str) -> str:
    """The SHA-256 of the syntax trees of some code and of all first-party code that it stands on, and of its data.

    Comments, layout, docstrings and annotations do not count, nor what is for type checkers alone. Imports inside
    functions do. What code stands on is told by `definitions`: a function counts, and not the file around it.

    Args:
        *roots: functions and classes; modules by name, which stand for all that they define.
    """
    found = tree(ROOT).closure(definition for root in roots for definition in _definitions(root))
    text = "\n".join(f"{one.module} {one.name} {found[one]}" for one in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def tree(root: Path) -> Tree:
    """The first-party code below a directory, as it is when it is first asked for."""
    return Tree(root, FIRST_PARTY)


def _definitions(root: Callable[..., Any] | str) -> list[Definition]:
    if isinstance(root, str):
        return tree(ROOT).defined_in(root)
    return [Definition(root.__module__, root.__qualname__.split(".")[0])]


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of the packages whose change may change a result."""
    from keras_genssl import __version__

    found = {"python": platform.python_version(), "keras_genssl": __version__}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
