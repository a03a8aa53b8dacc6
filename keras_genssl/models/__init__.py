"""The methods, one file each, in one folder per family. Every method can be imported from here; it loads on first use.

`registered` lists the methods. It is generated: a new method is a new file, and no list is edited by hand.
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
