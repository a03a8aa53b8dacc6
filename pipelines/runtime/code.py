"""A digest of the code that a result depends on, and the versions of what it stands on."""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import platform
from pathlib import Path

FIRST_PARTY = ("keras_genssl", "pipelines")
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "apache-beam", "tensorflow-datasets")


@functools.cache
def digest(*modules: str, without: tuple[str, ...] = ()) -> str:
    """The SHA-256 of the syntax trees of modules and of all first-party modules that they import, and of their data.

    Comments, layout and docstrings do not count. Imports inside functions do. A package stands
    for its ``__init__`` and what that imports; ``from package import name`` also for the module
    ``package.name``, where there is one. A module's data are the files of its folder, and of folders in it, that it
    names, and these, as a whole string: weights and tables that ship beside it.

    Args:
        *modules: where to begin.
        without: modules that change no result, such as those that print.
    """
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if name in found or name in without or path is None:
            continue
        imports, strings, tree = _parsed(path.read_text(encoding="utf-8"), name, path.name == "__init__.py")
        found[name] = " ".join([tree, *_data(path.parent, strings)])
        waiting += imports
    return hashlib.sha256("\n".join(f"{name} {found[name]}" for name in sorted(found)).encode()).hexdigest()


@functools.cache
def _parsed(text: str, name: str, package: bool) -> tuple[list[str], set[str], str]:
    """What a module imports, its strings, and its syntax tree as text; most modules are in many digests."""
    tree = _without_docstrings(ast.parse(text))
    nodes = list(ast.walk(tree))
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return _imports(nodes, name, package), strings, ast.dump(tree)


def _data(folder: Path, strings: set[str]) -> list[str]:
    """Name and SHA-256 of the files that are no code, in a folder or in a named folder of it, whose name is named."""
    named = [path for path in sorted(folder.iterdir()) if path.name in strings]
    inside = [file for path in named if path.is_dir() for file in sorted(path.iterdir()) if file.name in strings]
    files = [path for path in (*named, *inside) if path.suffix != ".py" and path.is_file()]
    return [f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]


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


def _source(name: str) -> Path | None:
    """The file of a first-party module, without importing it (its top package is imported)."""
    top, *inside = name.split(".")
    spec = importlib.util.find_spec(top) if top in FIRST_PARTY else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return _file(spec.submodule_search_locations[0], *inside)


@functools.cache
def _file(folder: str, *inside: str) -> Path | None:
    """The file of a module or of a package's ``__init__``; most modules are asked for many times in a run."""
    path = Path(folder, *inside)
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imports(nodes: list[ast.AST], name: str, package: bool) -> list[str]:
    """The modules that the nodes of a syntax tree may import, absolute; names that are no modules do no harm."""
    modules = []
    for node in nodes:
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: -(node.level - package) or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            modules += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return modules


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """The tree, its docstrings taken out in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree
