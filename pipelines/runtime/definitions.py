"""What a piece of first-party code depends on, definition by definition. Syntax trees are read, nothing is imported.

A definition is everything that binds one name at the top of a module. It depends on what its names refer to, and these
on what their names refer to. An imported name refers to the definition in the other module, also through packages that
import it again; ``package.Name`` refers to what the package means by ``Name``. If no file says what a name refers to,
for example because a module's ``__getattr__`` makes it, it refers to everything in the module or the package: a key
contains too much rather than too little.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.runtime import names as naming
from pipelines.runtime.names import AT_RUN_TIME, EFFECTS, EVERYTHING, Imported, Module

_INDEX = "keras_genssl.registered"
_OF_ALL_MODULES = ("__name__", "__file__", "__path__", "__doc__", "__spec__", "__package__")


@dataclasses.dataclass(frozen=True, order=True)
class Definition:
    """A name in a first-party module, `EVERYTHING` in it (for a package, in all its modules), or its `EFFECTS`."""

    module: str
    name: str = EVERYTHING


class Tree:
    """First-party code.

    Args:
        root: the directory with the packages.
        packages: their names.
    """

    def __init__(self, root: Path, packages: Iterable[str]):
        self.root, self.packages = root, tuple(packages)
        self._modules: dict[str, Module | None] = {}
        self._folders: dict[Path, list[Path]] = {}
        self._index: dict[str, list[str]] | None = None
        self._read: dict[Definition, tuple[str, frozenset[Definition]]] = {}

    def closure(self, roots: Iterable[Definition]) -> dict[Definition, str]:
        """Returns all definitions that some depend on, including themselves, each with the digest of its text."""
        found: dict[Definition, str] = {}
        waiting = list(roots)
        while waiting:
            definition = waiting.pop()
            if definition not in found:
                if definition not in self._read:
                    self._read[definition] = self._said(definition)
                found[definition], stands_on = self._read[definition]
                waiting += stands_on
        return found

    def defined_in(self, module: str) -> list[Definition]:
        """Returns everything that a module itself defines."""
        inside = self.module(module)
        if inside is None:
            raise ValueError(f"`module` must be a first-party module. Received: {module}")
        return [Definition(module, name) for name in (EFFECTS, *inside.bound) if inside.statements(name)]

    def module(self, name: str) -> Module | None:
        """Returns a first-party module; None if there is no such file."""
        if name not in self._modules:
            path = self._path(name)
            files = (path.with_suffix(".py"), path / "__init__.py") if name.split(".")[0] in self.packages else ()
            file = next((file for file in files if file.is_file()), None)
            if file is None:
                self._modules[name] = None
            else:
                text = file.read_text(encoding="utf-8")
                self._modules[name] = naming.module(name, file.name == "__init__.py", text)
        return self._modules[name]

    def meaning(
        self, module: str, names: tuple[str, ...], passed: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Definition | str]:
        """Resolves ``module.name.name``: yields definitions, or the dotted name of what is not first-party.

        Args:
            module: the dotted name of the module.
            names: the attributes to look up; empty for the whole module.
            passed: the modules and names that led here.
        """
        inside = self.module(module)
        if inside is None:
            if module == AT_RUN_TIME:
                yield from map(Definition, self.packages)
            else:
                yield ".".join((module, *names))
        elif not names:
            yield Definition(module)
        elif names[0] in inside.bound:
            if (module, names[0]) not in passed:
                yield from self._named(inside, names, passed | {(module, names[0])})
        elif inside.is_package and self.module(f"{module}.{names[0]}") is not None:
            yield from self.meaning(f"{module}.{names[0]}", names[1:], passed)
        elif (found := self._registered(module, names[0])) is not None:
            yield from self.meaning(found, names, passed)
        elif names[0] not in _OF_ALL_MODULES:
            yield Definition(module)

    def _registered(self, package: str, name: str) -> str | None:
        """Returns the module that a package loads a name from on first use, by the index of registered names."""
        if self._index is None:
            index = self.module(_INDEX)
            statements = [] if index is None else index.statements("NAMES")
            values = [it.value for it in statements if isinstance(it, ast.AnnAssign) and it.value]
            named = {module: names for value in values for module, names in ast.literal_eval(value).items()}
            self._index = {}
            for module, names in named.items():
                for one in names:
                    self._index.setdefault(one, []).append(module)
        return next((module for module in self._index.get(name, ()) if module.startswith(f"{package}.")), None)

    def _named(
        self, module: Module, names: tuple[str, ...], passed: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Definition | str]:
        """Resolves a name of a module and its attributes; yields nothing for Python's own names."""
        for bound in module.bound.get(names[0], module.stars):
            if isinstance(bound, Imported):
                yield from self._imported(bound, names[1:], passed)
            else:
                yield Definition(module.name, names[0])

    def _imported(
        self, imported: Imported, names: tuple[str, ...], passed: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Definition | str]:
        """Resolves an import, or attributes of it."""
        return self.meaning(imported.module, (*([imported.name] if imported.name else []), *names), passed)

    def _loaded(self, imported: Imported) -> Iterator[Definition | str]:
        """Resolves an import that is never named: a module is imported for its effects, a package only for its name."""
        found = self.meaning(imported.loads, ()) if imported.loads else self._imported(imported, ())
        for meant in found:
            module = self.module(meant.module) if isinstance(meant, Definition) else None
            if module is None or not module.is_package:
                yield meant

    def _said(self, definition: Definition) -> tuple[str, frozenset[Definition]]:
        """Returns the digest of a definition, and what it depends on.

        The digest covers its statements, what their names refer to, and their data: files in the module's folder, and
            in
        its sub-folders, that the statements name as a whole string, such as weights that ship with the module.
        """
        module = self.module(definition.module)
        if module is None:
            return "", frozenset()
        said = module.said(definition.name)
        meant: set[Definition | str] = set()
        for base, names in said.references:
            if isinstance(base, str):
                meant.update(self._named(module, (base, *(names or ()))))
            elif names is not None:
                meant.update(self._imported(base, names))
            else:
                meant.update(self._loaded(base))
        stands_on = {one for one in meant if isinstance(one, Definition)}
        if module.statements(EFFECTS):
            stands_on.add(Definition(module.name, EFFECTS))
        if definition.name == EVERYTHING and module.is_package:
            stands_on.update(Definition(f"{module.name}.{inside}") for inside in self._inside(module.name))
        path = self._path(module.name)
        data = self._data(path if module.is_package else path.parent, said.strings)
        text = "\n".join([said.text, *sorted(map(str, meant)), *data])
        return hashlib.sha256(text.encode()).hexdigest(), frozenset(stands_on)

    def _data(self, folder: Path, written: frozenset[str]) -> list[str]:
        """Returns name and SHA-256 of the named files that are not code, in a folder or in a named sub-folder."""
        named = [path for path in self._listed(folder) if path.name in written]
        inside = [file for path in named if path.is_dir() for file in self._listed(path) if file.name in written]
        files = [path for path in (*named, *inside) if path.suffix != ".py" and path.is_file()]
        return [f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]

    def _path(self, name: str) -> Path:
        return self.root.joinpath(*name.split("."))

    def _inside(self, package: str) -> list[str]:
        """Returns the names of the modules in a package."""
        found = self._listed(self._path(package))
        modules = (path.stem for path in found if path.suffix == ".py" or (path / "__init__.py").is_file())
        return [name for name in modules if name != "__init__"]

    def _listed(self, folder: Path) -> list[Path]:
        if folder not in self._folders:
            self._folders[folder] = sorted(folder.iterdir())
        return self._folders[folder]
