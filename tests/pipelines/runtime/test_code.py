"""Which changes of code change a digest, on packages made for it."""

import pathlib

import pytest

from pipelines.runtime import code

PACKAGE = {
    "__init__.py": "VERSION = 1\ndef unused(): return 1\nprint('imported')\n",
    "maths/__init__.py": "from lib.maths.one import Once\nfrom lib.maths.two import Twice as Double\nLIMIT = 3\n",
    "maths/one.py": "STEP = 1\ndef helper(): return STEP\nclass Once:\n def f(self): helper()\nclass Other: pass\n",
    "maths/two.py": "class Twice:\n '''Doc.'''\n def f(self, x: int) -> int: return 2 * x\n",
    "maths/three.py": "def third(): return 3\n",
    "kinds.py": "from lib import maths\nAny = maths.Once | maths.Double\nclass Kind: pass\n",
    "lazy/__init__.py": "def __getattr__(name):\n import importlib\n return importlib.import_module('lib.lazy.deep')\n",
    "lazy/deep.py": "def made(): return 1\n",
    "effects.py": "LIST = []\nLIST.append(1)\ndef first(): return 1\ndef second(): return LIST\n",
    "data/__init__.py": "",
    "data/read.py": "NAME = 'table.npz'\nDEEP = 'tables', 'deep.npz'\ndef read(): NAME, DEEP\ndef other(): pass\n",
}
USERS = {
    "by_name": "from lib.maths import Once\ndef run(): return Once()\n",
    "by_other_name": "from lib.maths import Double\ndef run(): return Double()\n",
    "by_module": "from lib import maths\ndef run(): return maths.Once()\n",
    "by_package": "import lib\ndef run(): return lib.maths.Once()\n",
    "by_short_name": "def run():\n import lib as short\n return short.maths.one.Once()\n",
    "by_long_name": "import lib.maths.one\ndef run(): return lib.maths.one.Once()\n",
    "by_value": "from lib import maths\ndef run(name): return getattr(maths, name)\n",
    "by_star": "from lib.maths import *\ndef run(): return Once()\n",
    "by_text": "import importlib\ndef run(name): return importlib.import_module('lib.maths.three').third()\n",
    "by_variable": "import importlib\ndef run(name): return importlib.import_module(name)\n",
    "by_no_known_name": "from lib import maths\ndef run(): return maths.made_at_run_time()\n",
    "lazily": "from lib import lazy\ndef run(): return lazy.made()\n",
    "in_annotations": "from lib.kinds import Any, Kind\ndef run(x: Any = None) -> Any:\n y: Any = Kind()\n return y\n",
    "for_types": (
        "from typing import TYPE_CHECKING, Generic\nfrom lib.maths import Once\nif TYPE_CHECKING:\n"
        " from lib.maths import Double\nclass run(Generic[Once]):\n x: Double = 1\n"
    ),
    "as_a_name_of_its_own": "from lib import maths\ndef run(maths): return maths, [maths for maths in ()]\n",
    "for_its_effects": "import lib.effects\ndef run(): return 1\n",
    "an_effect": "from lib.effects import first\ndef run(): return first()\n",
    "data": "from lib.data.read import read\ndef run(): return read()\n",
    "no_data": "from lib.data.read import other\ndef run(): return other()\n",
}
EDITS = {
    "Once": ("maths/one.py", "def f", "def g"),
    "its helper": ("maths/one.py", "return STEP", "return -STEP"),
    "its constant": ("maths/one.py", "STEP = 1", "STEP = 2"),
    "its neighbour": ("maths/one.py", "class Other: pass", "class Other: x = 1"),
    "Double": ("maths/two.py", "2 * x", "3 * x"),
    "words": (
        "maths/two.py",
        "'''Doc.'''\n def f(self, x: int) -> int:",
        "'''New.'''\n def f(self, x: str) ->  str:",
    ),
    "exports": ("maths/__init__.py", "LIMIT", "from lib.maths.three import third\nLIMIT"),
    "third": ("maths/three.py", "return 3", "return 4"),
    "union": ("kinds.py", "Once | ", ""),
    "deep": ("lazy/deep.py", "return 1", "return 2"),
    "effect": ("effects.py", "append(1)", "append(2)"),
    "package": ("__init__.py", "return 1", "return 2"),
}
ONCE = {"Once", "its helper", "its constant"}
MATHS = ONCE | {"its neighbour", "Double", "exports", "third"}
CHANGES = {
    "by_name": ONCE,
    "by_other_name": {"Double"},
    "by_module": ONCE,
    "by_package": ONCE,
    "by_short_name": ONCE,
    "by_long_name": ONCE,
    "by_value": MATHS,
    "by_star": MATHS,
    "by_text": {"third"},
    "by_variable": MATHS | {"union", "deep", "effect", "package"},
    "by_no_known_name": MATHS,
    "lazily": {"deep"},
    "in_annotations": set(),
    "for_types": set(),
    "as_a_name_of_its_own": set(),
    "for_its_effects": {"effect"},
    "an_effect": {"effect"},
}


@pytest.fixture
def lib(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "ROOT", tmp_path)
    monkeypatch.setattr(code, "FIRST_PARTY", ("lib", "user"))
    for name, text in {**{f"lib/{name}": text for name, text in PACKAGE.items()}, "user/__init__.py": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name, text in USERS.items():
        (tmp_path / "user" / f"{name}.py").write_text(text)
    return tmp_path / "lib"


def digests():
    code.tree.cache_clear()
    return {name: code.digest(f"user.{name}") for name in USERS}


def test_a_digest_changes_with_the_definitions_that_are_used_and_with_no_others(lib):
    before = digests()
    changed = {name: set() for name in CHANGES}
    for edit, (file, old, new) in EDITS.items():
        text = (lib / file).read_text()
        assert old in text
        (lib / file).write_text(text.replace(old, new))
        after = digests()
        for name in changed:
            changed[name] |= {edit} if after[name] != before[name] else set()
        (lib / file).write_text(text)
    assert changed == CHANGES
    assert digests() == before


def test_a_digest_of_a_function_is_of_it_alone(lib):
    def outer(): ...

    outer.__module__, outer.__qualname__ = "lib.effects", "second.inner"
    before = code.digest(outer)
    for old, new, changes in (("first(): return 1", "first(): return 2", False), ("return LIST", "return -LIST", True)):
        file = lib / "effects.py"
        file.write_text(file.read_text().replace(old, new))
        code.tree.cache_clear()
        assert (code.digest(outer) != before) == changes


def test_what_a_name_means_counts_where_its_text_does_not_change(lib):
    user = lib.parent / "user" / "by_name.py"
    before = digests()["by_name"]
    user.write_text(user.read_text().replace("lib.maths import Once", "lib.maths import Double as Once"))
    assert digests()["by_name"] != before


def test_relative_imports_are_followed(lib):
    (lib / "near.py").write_text(
        "from . import maths\nfrom .maths.two import Twice\ndef f(): return maths.Once, Twice\n"
    )
    found = {(each.module, each.name) for each in code.tree(code.ROOT).closure([code.Definition("lib.near", "f")])}
    assert found > {("lib.maths.one", "Once"), ("lib.maths.one", "helper"), ("lib.maths.two", "Twice")}


@pytest.mark.parametrize(
    ("file", "changes"),
    [("table.npz", True), ("tables/deep.npz", True), ("other.npz", False), ("none/deep.npz", False)],
)
def test_a_digest_holds_the_data_that_code_names(lib, file, changes):
    for path in ("table.npz", "other.npz", "tables/deep.npz", "none/deep.npz"):
        (lib / "data" / path).parent.mkdir(exist_ok=True)
        (lib / "data" / path).write_bytes(b"1")
    before = digests()
    (lib / "data" / file).write_bytes(b"2")
    after = digests()
    assert (after["data"] != before["data"]) == changes
    assert after["no_data"] == before["no_data"]


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("pipelines.data.preparations.jigsaw", "pretext/permutations.npz"),
        ("pipelines.tasks.generation.measure", "metrics/weights/fashion_features.npz"),
    ],
)
def test_digests_hold_the_data_that_ships(monkeypatch, module, file):
    read, seen = pathlib.Path.read_bytes, []
    monkeypatch.setattr(pathlib.Path, "read_bytes", lambda path: seen.append(path.as_posix()) or read(path))
    code.tree.cache_clear()
    code.digest(module)
    assert [path for path in seen if path.endswith(f"keras_genssl/{file}")]


def test_versions_name_what_results_stand_on():
    assert {"python", "keras", "tensorflow", "numpy"} <= set(code.versions())
