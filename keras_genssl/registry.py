"""What `import keras_genssl` registers in Keras: every class that a saved model may hold.

Keras looks a saved class up by its registered name in `keras.saving.get_custom_objects()`. A class registers itself
there when its module is imported. Subpackages load on first use, so `import keras_genssl` alone registers no class.
`promise_all` therefore enters every name of `registered.NAMES` with a placeholder. The lookup of such a name imports
the module; the class then registers itself under the same name, and the lookup finds it.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from keras_genssl.registered import NAMES

PACKAGE = "keras_genssl"


class _Name(str):
    """A registered name that imports the module of its class when it is looked up.

    A dictionary compares two keys only if their hashes are equal. `name in objects` and `objects[name]` therefore
    import this one module, and the lookup of any other name imports nothing.
    """

    __slots__ = ("module",)
    module: str

    def __eq__(self, other: object) -> bool:
        equal = str.__eq__(self, other)
        if equal is True and type(other) is str:  # a `_Name` asks when its own entry is removed or replaced
            importlib.import_module(self.module)
        return equal

    __hash__ = str.__hash__


class _StandIn:
    """The placeholder of a class in the registry; it passes every access on to the class itself.

    Keras copies its registry when it loads a model. A copy that was made before the class was imported keeps the
    placeholder, which must therefore work in place of the class.
    """

    def __init__(self, module: str, name: str) -> None:
        self.__module__ = module
        self._name = name

    def _object(self) -> Any:
        return getattr(importlib.import_module(self.__module__), self._name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._object())

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._object(), attribute)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._object()(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return self._object() == other

    def __hash__(self) -> int:
        return hash(self._object())


class _KerasFinder(importlib.abc.MetaPathFinder):
    """Finds `keras` as the other finders do, and has its registry filled once it is imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "keras":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, (finder.find_spec(fullname, path, target) for finder in others)), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _KerasLoader(spec.loader)
        return spec


class _KerasLoader(importlib.abc.Loader):
    """Imports `keras` with its own loader, then fills its registry."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        promise_all()


_FINDER = _KerasFinder()


def when_keras_is_imported() -> None:
    """Fills Keras' registry: now if Keras is imported, else as soon as it is, since its import takes seconds."""
    if sys.modules.get("keras") is not None:
        promise_all()
    elif _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def promise_all() -> None:
    """Enters placeholders for all classes whose modules are not imported yet; imported classes are registered."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
    objects = importlib.import_module("keras").saving.get_custom_objects()
    for module, names in NAMES.items():
        for name in names:
            if not hasattr(sys.modules.get(module), name):
                key = _Name(f"{PACKAGE}>{name}")
                key.module = module
                objects.pop(key, None)  # otherwise the dictionary would keep its old key
                objects[key] = _StandIn(module, name)
