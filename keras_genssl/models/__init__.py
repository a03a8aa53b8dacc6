"""The methods, one file each, by family. All of them stand here, and load on first use.

Which there are says `registered`: a new method is a file, and its name stands in no list that is written by hand.
"""

import importlib
from typing import Any

from keras_genssl.registered import NAMES

_MODULES = {name: module for module, names in NAMES.items() if module.startswith(f"{__name__}.") for name in names}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
