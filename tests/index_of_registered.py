"""What `keras_genssl/registered.py` must say: `python -m tests.index_of_registered` writes it anew."""

import importlib
import pathlib
import pkgutil

import keras

import keras_genssl
from keras_genssl import registered

TEXT = '''"""Where the classes and functions are defined that a saved model may hold: module -> registered names.

Written by `python -m tests.index_of_registered`, never by hand; a test compares it with what is registered.
"""

NAMES: dict[str, tuple[str, ...]] = {{
{lines}}}
'''


def names() -> dict[str, tuple[str, ...]]:
    """All that is registered as ours once every module is imported, by module."""
    for module in pkgutil.walk_packages(keras_genssl.__path__, "keras_genssl."):
        importlib.import_module(module.name)
    found: dict[str, list[str]] = {}
    for key, value in keras.saving.get_custom_objects().items():
        package, _, name = key.rpartition(">")
        if package == "keras_genssl" and type(value).__name__ != "_StandIn":  # promised, and nowhere defined
            found.setdefault(value.__module__, []).append(name)
    return {module: tuple(sorted(found[module])) for module in sorted(found)}


def text() -> str:
    """The file."""
    lines = []
    for module, inside in names().items():
        values = ", ".join(f'"{name}"' for name in inside)
        line = f'    "{module}": ({values}{"," if len(inside) == 1 else ""}),\n'
        if len(line) > 121:
            line = f'    "{module}": (\n' + "".join(f'        "{name}",\n' for name in inside) + "    ),\n"
        lines.append(line)
    return TEXT.format(lines="".join(lines))


if __name__ == "__main__":
    pathlib.Path(registered.__file__).write_text(text())
