"""docs/METHODS.md: every public name with its paper and its file, every method with its recipes and their numbers.

`python -m pipelines.results.methods_page` writes it from docstrings, recipes and records; it is never edited. A
docstring gives its first line, and its papers in a section of this form:

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning](https://arxiv.org/abs/1511.06434)

A package's docstring gives the heading of its table and a sentence, ``Heading: sentence.``, and optionally a paragraph
that begins with ``Guide:``. Files are read as syntax trees; nothing of the library is imported.
"""

import ast
import dataclasses
import functools
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_genssl.registered import NAMES
from pipelines import tasks
from pipelines.run import finding, loading

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "METHODS.md"
MODELS = "models"
PARTS = (
    "losses",
    "penalties",
    "regularizers",
    "corruptions",
    "priors",
    "views",
    "layers",
    "backbones",
    "metrics",
    "optimizers",
    "schedules",
    "callbacks",
    "analysis",
    "pretext",
    "data",
    "gallery",
)

HEAD = """# Methods

`python -m pipelines.results.methods_page` generates this page from docstrings, recipes and the records in `results/`;
do not edit it by hand. The first tables list the methods by family: paper, file, recipes, and what each recipe reached
next to its baselines ([RESULTS.md](../RESULTS.md) has all numbers). The other tables list the parts of which methods
are made.
"""


@dataclasses.dataclass(frozen=True)
class Public:
    """A public name.

    Attributes:
        name: the name as users write it.
        path: the file in which it is defined.
        doc: its docstring.
    """

    name: str
    path: Path
    doc: str

    @property
    def summary(self) -> str:
        """Returns the first line of the docstring."""
        return self.doc.partition("\n")[0]

    @property
    def papers(self) -> list[str]:
        """Returns the entries of the section ``Reference``, in Markdown.

        >>> doc = "One.\\n\\nReference:\\n    - A 2020, [Long\\n      title](https://a.org)\\n    - B 2021\\n\\nArgs:"
        >>> Public("One", Path("one.py"), doc).papers
        ['A 2020, [Long title](https://a.org)', 'B 2021']
        """
        section = re.search(r"^Reference:\n((?:    .*\n?)+)", self.doc, re.MULTILINE)
        if section is None:
            return []
        entries = re.split(r"^    - ", section[1], flags=re.MULTILINE)[1:]
        return [" ".join(entry.split()) for entry in entries]


def page() -> str:
    """Returns the page as text."""
    used = _recipes()
    parts = [HEAD]
    for part in (MODELS, *PARTS):
        for file, names in _sections(part).items():
            parts.append(_section(file, names, used if part == MODELS else None))
    return "\n".join(parts)


def public(part: str) -> Iterator[Public]:
    """Yields the classes and functions that a subpackage of the library exports, in the order of its ``__all__``."""
    if part == MODELS:
        for module, names in NAMES.items():
            if module.startswith(f"keras_genssl.{part}."):
                yield from (it for name in names if (it := _defined(_file(module), name)) is not None)
        return
    file = _file(f"keras_genssl.{part}")
    for name in _exported(file):
        found = _defined(file, name)
        if found is not None:
            yield found


def _sections(part: str) -> dict[Path, list[Public]]:
    """The names of a subpackage by the file whose docstring heads them; what is defined elsewhere stands first.

    That is the file of their package, or their own where it names a guide.
    """
    top = _file(f"keras_genssl.{part}")
    found: dict[Path, list[Public]] = {}
    for it in public(part):
        inside = top.name == "__init__.py" and it.path.is_relative_to(top.parent)
        own = it.path if "Guide: " in _doc(it.path) else it.path.with_name("__init__.py")
        found.setdefault(own if inside else top, []).append(it)
    return {file: found[file] for file in sorted(found)}


def _section(file: Path, names: list[Public], used: dict[str, list[str]] | None) -> str:
    """Returns a table with its heading; the table of methods has recipes and numbers."""
    head = ["Name", "What", "Paper", "File", *(["Recipe", "Number"] if used is not None else [])]
    rows = [head, ["---"] * len(head)]
    for it in names:
        path = it.path.relative_to(ROOT).as_posix()
        row = [f"`{it.name}`", it.summary.replace("``", "`"), "; ".join(it.papers), f"[{it.path.name}](../{path})"]
        if used is not None:
            recipes = used.get(it.name, [])
            row += ["<br>".join(f"`{recipe}`" for recipe in recipes), "<br>".join(map(_number, recipes))]
        rows.append([cell.replace("|", r"\|") for cell in row])
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    doc = _doc(file)
    heading, _, sentence = doc.partition("\n")[0].partition(": ")
    guide = next((text for text in doc.split("\n\n") if text.startswith("Guide: ")), "")
    told = "\n".join(line for line in (sentence[:1].upper() + sentence[1:], _linked(guide.replace("``", "`"))) if line)
    return f"## {heading}\n\n{told}\n\n{table}"


def _linked(text: str) -> str:
    """Returns a text in which pages are links relative to ``docs/``."""
    return re.sub(r"\bdocs/(\w+\.md)", r"[\1](\1)", text)


@functools.cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _doc(file: Path) -> str:
    return ast.get_docstring(_tree(file)) or ""


def _exported(file: Path) -> list[str]:
    """Returns the names in ``__all__``."""
    for node in _tree(file).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def _defined(file: Path, name: str) -> Public | None:
    """Returns the class or function that a name in a file refers to, through imports; None if it is something else."""
    for node in _tree(file).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return Public(name, file, inspect.cleandoc(ast.get_docstring(node) or ""))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("keras_genssl"):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _defined(_file(node.module), alias.name)
    return None


def _file(module: str) -> Path:
    """Returns the file of a module of the library."""
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _recipes() -> dict[str, list[str]]:
    """Returns name of a method -> the recipes that train it."""
    found: dict[str, list[str]] = {}
    for name in finding.names():
        found.setdefault(loading.load(name).model.method, []).append(name)
    return found


def _number(recipe: str) -> str:
    """Returns the result of a recipe in one line."""
    file = ROOT / "results" / f"{recipe}.json"
    if not file.is_file():
        return "no record"
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return tasks.named(record["kind"]).numbers.summary(record)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
