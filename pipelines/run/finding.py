"""The recipes in the package: their names, what their files say of them, and where they are."""

import difflib
from pathlib import Path
from typing import NamedTuple

import yaml

from pipelines.errors import UserError

TASKS = Path(__file__).parents[1] / "tasks"


class Listed(NamedTuple):
    """What a recipe's file says of it."""

    name: str
    method: str
    description: str


def names() -> list[str]:
    """Returns the sorted names of the recipes in the package."""
    return sorted(_files())


def listed() -> list[Listed]:
    """Returns the recipes in the package, sorted by name. Reads their files without checking them, which takes long."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read = {name: yaml.load(path.read_text(encoding="utf-8"), loader) for name, path in sorted(_files().items())}
    return [Listed(name, content["model"]["method"], content["description"]) for name, content in read.items()]


def _files() -> dict[str, Path]:
    """Returns the recipes in the package by name; each task has a folder of them."""
    folders = TASKS.glob("*/recipes")
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for folder in folders
        for path in folder.rglob("*.yaml")
    }


def find(name: str) -> Path:
    """Returns the file of a recipe.

    Args:
        name: the name of a recipe in the package, or the path of a YAML file.

    Raises:
        UserError: there is no such recipe; the message names the nearest one.
    """
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise UserError(f"No such recipe file: {name}. `genssl recipes` lists the recipes that have a name")
        return path
    files = _files()
    if name in files:
        return files[name]
    hint = nearest(name, sorted(files))
    raise UserError(f"Unknown recipe: {name}.{hint} `genssl recipes` lists all; a path must end in .yaml")


def nearest(word: str, valid: list[str]) -> str:
    """Returns `` Did you mean `epochs`?``, or nothing."""
    close = difflib.get_close_matches(word, valid, n=1, cutoff=0.5)
    return f" Did you mean `{close[0]}`?" if close else ""
