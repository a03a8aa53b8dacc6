"""A digest of the code that a result depends on, and the versions of the packages below it."""

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
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "simplejpeg", "apache-beam", "tensorflow-datasets")


def digest(*roots: Callable[..., Any] | str) -> str:
    """Returns the SHA-256 of the syntax trees of some code, of all first-party code that it uses, and of its data.

    Comments, layout, docstrings, annotations and code for type checkers do not count. Imports inside functions count.
    `definitions` finds the code that is used: a function counts, not the file around it.

    Args:
        *roots: functions and classes, or names of modules, which stand for everything that they define.
    """
    found = tree(ROOT).closure(definition for root in roots for definition in _definitions(root))
    text = "\n".join(f"{one.module} {one.name} {found[one]}" for one in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def tree(root: Path) -> Tree:
    """Returns the first-party code below a directory, as it was when it was first asked for."""
    return Tree(root, FIRST_PARTY)


def _definitions(root: Callable[..., Any] | str) -> list[Definition]:
    if isinstance(root, str):
        return tree(ROOT).defined_in(root)
    return [Definition(root.__module__, root.__qualname__.split(".")[0])]


def versions() -> dict[str, str]:
    """Returns the versions of Python, of this package and of the packages that can change a result."""
    from keras_genssl import __version__

    found = {"python": platform.python_version(), "keras_genssl": __version__}
    return found | {package: version for package in PACKAGES if (version := _installed(package)) is not None}


@functools.cache
def _installed(package: str) -> str | None:
    """The version of a package, or None; searching for its metadata takes milliseconds."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
