"""What `import keras_genssl` tells Keras: where everything stands that a saved model may hold.

Keras looks a saved class up by its registered name in `keras.saving.get_custom_objects()`, where a class enters itself
when its module is imported. Subpackages load on first use, so after `import keras_genssl` none of them is there.
`promise_all` enters every name of `registered.NAMES` beforehand: whoever looks one up imports its module, and finds
the class, which has entered itself under the same name meanwhile.
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
    """A registered name that imports what it stands for when it is looked up.

    A dictionary compares a key with what is looked up only if their hashes agree. `name in objects` and
    `objects[name]` therefore import this one module, and looking for anything else imports nothing.
    """

    __slots__ = ("module",)
    module: str

    def __eq__(self, other: object) -> bool:
        equal = str.__eq__(self, other)
        if equal is True and type(other) is str:  # not while the entry itself is taken out or replaced
            importlib.import_module(self.module)
        return equal

    __hash__ = str.__hash__


class _StandIn:
    """What a name is promised with, and what it is in the copies of its registry that Keras makes as it loads.

    A copy keeps what was there when it was made. All that is done to a stand-in is done to the object itself.
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
    """Finds `keras` as the other finders do; once it is imported, its registry is filled."""

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
    """Fills Keras' registry now if Keras is imported, or else as soon as it is: importing it takes seconds."""
    if sys.modules.get("keras") is not None:
        promise_all()
    elif _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def promise_all() -> None:
    """Enters all names whose modules are not imported yet. What is imported has entered itself."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
    objects = importlib.import_module("keras").saving.get_custom_objects()
    for module, names in NAMES.items():
        for name in names:
            if not hasattr(sys.modules.get(module), name):
                key = _Name(f"{PACKAGE}>{name}")
                key.module = module
                objects.pop(key, None)  # else the registry would keep its old key
                objects[key] = _StandIn(module, name)
