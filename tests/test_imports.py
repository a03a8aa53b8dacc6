"""Who may import what (docs: the house has one direction), and what `import keras_genssl` costs."""

import ast
import pathlib
import subprocess
import sys

import pytest

from tests import import_graph, processes

ROOT = pathlib.Path(__file__).parents[1]

MAY_IMPORT_TENSORFLOW = ("kinds", "engine", "data", "export", "serving", "callbacks")
PRETEXT_NEEDS_ONLY = {"numpy", "PIL", "simplejpeg", "cloudpickle", "loky", "keras_genssl", "__future__"}
# Which other subpackages each subpackage may import; a new one must say.
MAY_IMPORT = {
    "analysis": {"checks", "engine", "metrics", "pretext", "regularizers"},
    "backbones": {"checks", "layers"},
    "callbacks": {"analysis", "checks", "data", "engine", "metrics", "pretext"},
    "checks": {"pretext"},
    "corruptions": {"engine"},
    "data": {"checks", "embedded", "labelled_subset", "pretext"},
    "embedded": set(),
    "engine": {"checks", "export", "kinds", "onednn"},
    "export": {"kinds", "pretext"},
    "gallery": {"analysis", "checks", "pretext"},
    "kinds": {"checks"},
    "layers": {"checks"},
    "losses": {"checks"},
    "labelled_subset": {"checks"},
    "metrics": {"backbones", "checks", "engine", "labelled_subset"},
    "models": {
        "backbones",
        "checks",
        "corruptions",
        "engine",
        "layers",
        "losses",
        "pretext",
        "penalties",
        "priors",
        "registered",
        "views",
    },
    "onednn": set(),
    "optimizers": set(),
    "pretext": set(),
    "registry": {"registered"},
    "penalties": {"checks", "engine"},
    "priors": {"checks", "engine"},
    "regularizers": {"checks", "views"},
    "schedules": set(),
    "serving": {"engine", "export"},
    "views": {"checks", "engine"},
}

# The same of the rooms of `pipelines`; what nobody may import stands last.
ROOMS = {
    "errors": set(),
    "plain_text": set(),
    "section": set(),
    "located_yaml": {"errors"},
    "runtime": {"errors", "plain_text"},  # what every step stands on: artifacts, keys, records
    "beam": {"errors", "runtime"},
    "console": {"beam", "plain_text"},
    "data": {"beam", "errors", "located_yaml", "runtime", "section"},
    "recipe": {"data", "errors", "section"},
    "report": {"beam", "data", "plain_text", "recipe", "runtime"},
    "training": {"console", "data", "errors", "recipe", "runtime", "section"},
    "components": {"beam", "data", "errors", "recipe", "report", "runtime", "section"},  # are given a task
    "tasks": {"data", "errors", "recipe", "report", "runtime", "section", "training"},
    "run": {  # it alone looks tasks up
        *("components", "console", "data", "errors", "located_yaml", "plain_text", "recipe", "report", "runtime"),
        *("section", "tasks", "training"),
    },
    "batch": {"components", "console", "data", "errors", "run", "runtime"},
    "results": {"errors", "recipe", "report", "run", "runtime", "tasks"},
    "shipped": {"components", "console", "run", "runtime", "tasks", "training"},
    "cli": {
        "batch",
        "beam",
        "console",
        "data",
        "errors",
        "plain_text",
        "recipe",
        "report",
        "results",
        "run",
        "runtime",
    },
}


def imports(tree):
    """Yields every module that a syntax tree imports, dotted, and whether a `try` guards it."""
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.Try)
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in guarded
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", id(node) in guarded
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            yield from ((name.value, False) for name in node.args if isinstance(name, ast.Constant))


def within(name, *packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def violations(path, source):
    """The rules that a file, named by its path from the root, breaks."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    part = module.split(".")[1] if "." in module else ""
    found = []
    for name, guarded in imports(ast.parse(source)):
        top = name.split(".")[0]
        if within(module, "keras_genssl"):
            if top in ("pipelines", "apache_beam"):
                found.append(f"{path}: the library never imports {top}")
            # In these a fast path may sit in a function or a `try`: another backend never meets it.
            fallback = part in ("checks", "layers") and (guarded or not at_top(source, name))
            allowed = part in MAY_IMPORT_TENSORFLOW or fallback
            if top in ("tensorflow", "tensorflow_datasets") and not allowed:
                found.append(f"{path}: {part or module} may not import {top}")
            if part == "pretext" and top not in PRETEXT_NEEDS_ONLY | sys.stdlib_module_names:
                found.append(f"{path}: pretext is NumPy, decoders of images and processes, not {top}")
            if top == "keras_genssl" and part:  # the package itself names its subpackages
                other = name.removeprefix("keras_genssl").lstrip(".").split(".")[0]
                if part not in MAY_IMPORT:
                    found.append(f"{path}: MAY_IMPORT must say what {part} may import")
                elif other not in MAY_IMPORT[part] | {part}:
                    found.append(f"{path}: {part} may not import {name}")
            if is_method(path) and is_method(as_path(name)):
                found.append(f"{path}: a method imports a method, {name}")
        if top == "apache_beam" and not within(module, "pipelines", "tests.pipelines"):
            found.append(f"{path}: only pipelines imports Beam")
    return found


def at_top(source, name):
    """Whether a module is imported as soon as the file is."""
    body = ast.Module(ast.parse(source).body, [])
    for node in ast.walk(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = []
    return any(imported == name for imported, _ in imports(body))


def as_path(name):
    """The file that a dotted name comes from, as a path from the root; of `module.Name`, the module's."""
    for candidate in (name, name.rpartition(".")[0]):
        if (ROOT / f"{candidate.replace('.', '/')}.py").is_file():
            return f"{candidate.replace('.', '/')}.py"
    return ""


def is_method(path):
    """A method is a file in a family of models that holds no base class of the family, `base.py` or `..._base.py`."""
    parts = pathlib.PurePosixPath(path).parts
    return (
        parts[:2] == ("keras_genssl", "models")
        and len(parts) == 4
        and not parts[3].endswith(("__init__.py", "base.py"))
    )


def sources():
    for package in ("keras_genssl", "pipelines", "tests", "benchmarks"):
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), file.read_text()


def test_the_tree_keeps_the_rules():
    files = dict(sources())
    assert len(files) > 30
    assert [line for path, source in files.items() for line in violations(path, source)] == []


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("keras_genssl/data/load.py", "import pipelines.run.loading", "never imports pipelines"),
        ("keras_genssl/data/load.py", "def f():\n import apache_beam as beam", "never imports apache_beam"),
        ("keras_genssl/losses/ntxent.py", "import tensorflow as tf", "losses may not import tensorflow"),
        ("keras_genssl/models/gans/dcgan.py", "from tensorflow import nn", "models may not import tensorflow"),
        ("keras_genssl/__init__.py", "import tensorflow", "may not import tensorflow"),
        ("keras_genssl/layers/norm.py", "import tensorflow as tf", "layers may not import tensorflow"),
        ("keras_genssl/pretext/resize.py", "import keras", "decoders of images and processes, not keras"),
        ("keras_genssl/pretext/resize.py", "from keras_genssl import data", "may not import keras_genssl.data"),
        ("keras_genssl/losses/p.py", "from keras_genssl import models", "losses may not import keras_genssl.models"),
        ("keras_genssl/losses/contrastive/negatives.py", "from keras_genssl.engine import replicas", "losses may not"),
        ("keras_genssl/losses/p.py", "def f():\n import keras_genssl as kg", "losses may not import keras_genssl"),
        ("keras_genssl/layers/norm.py", "from keras_genssl.engine import replicas", "layers may not import"),
        ("keras_genssl/backbones/super_resolution.py", "from keras_genssl import losses", "backbones may not import"),
        ("keras_genssl/engine/method.py", "from keras_genssl.layers import PixelShuffle", "engine may not import"),
        ("keras_genssl/engine/method.py", "importlib.import_module('keras_genssl.data')", "engine may not import"),
        ("keras_genssl/models/gans/dcgan.py", "from keras_genssl.data import load", "models may not import"),
        ("keras_genssl/models/gans/dcgan.py", "from keras_genssl import metrics", "models may not import"),
        ("keras_genssl/models/gans/dcgan.py", "import keras_genssl.callbacks", "models may not import"),
        ("keras_genssl/corruptions/noise.py", "from keras_genssl import layers", "corruptions may not import"),
        ("keras_genssl/penalties.py", "from keras_genssl import losses", "penalties may not import"),
        ("keras_genssl/regularizers.py", "from keras_genssl import analysis", "regularizers may not import"),
        ("keras_genssl/schedules/warmup.py", "from keras_genssl import engine", "schedules may not import"),
        ("keras_genssl/optimizers.py", "from keras_genssl import schedules", "optimizers may not import"),
        ("keras_genssl/views/crop.py", "from keras_genssl import pretext", "views may not import"),
        ("keras_genssl/analysis/pca.py", "from keras_genssl import callbacks", "analysis may not import"),
        ("keras_genssl/metrics/neighbours.py", "from keras_genssl import analysis", "metrics may not import"),
        ("keras_genssl/export/writer.py", "from keras_genssl import models", "export may not import"),
        ("keras_genssl/newcomers/one.py", "from keras_genssl import engine", "MAY_IMPORT must say"),
        (
            "keras_genssl/models/super_resolution/edsr.py",
            "from keras_genssl.models.super_resolution.srcnn import SRCNN",
            "a method imports a method",
        ),
        (
            "keras_genssl/models/gans/dcgan.py",
            "from keras_genssl.models.super_resolution import srgan",
            "a method imports a method",
        ),
        ("tests/data/test_load.py", "import apache_beam", "only pipelines imports Beam"),
    ],
)
def test_a_violation_is_caught(path, source, rule):
    assert rule in " ".join(violations(path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("keras_genssl/layers/norm.py", "try:\n import tensorflow as tf\nexcept ImportError:\n tf = None"),
        ("keras_genssl/layers/norm.py", "def f():\n import tensorflow as tf"),
        ("keras_genssl/engine/players.py", "import tensorflow as tf"),
        ("keras_genssl/pretext/masks.py", "import math\nimport numpy as np\nfrom PIL import Image"),
        ("keras_genssl/models/super_resolution/edsr.py", "from keras_genssl.engine import Method"),
        ("keras_genssl/models/contrastive/simclr.py", "from keras_genssl import backbones, losses, views"),
        ("keras_genssl/losses/metric_learning/triplet.py", "from keras_genssl.losses.metric_learning import distances"),
        ("keras_genssl/views/crop.py", "from keras_genssl.engine import replicas"),
        ("keras_genssl/callbacks/probes.py", "from keras_genssl import metrics"),
        ("keras_genssl/analysis/probe.py", "from keras_genssl import metrics"),
        ("keras_genssl/__init__.py", "from keras_genssl import models"),
        ("pipelines/beam/shards.py", "import apache_beam as beam\nfrom keras_genssl import pretext"),
    ],
)
def test_what_is_allowed_passes(path, source):
    assert violations(path, source) == []


def test_nothing_imports_itself_through_others():
    for package in import_graph.PACKAGES:
        edges = import_graph.graph(ROOT, package)
        assert len(edges) > 100
        assert import_graph.circles(edges) == []
    assert import_graph.circles(import_graph.rooms(import_graph.graph(ROOT, "keras_genssl"))) == []


def test_the_rooms_of_pipelines_import_what_they_may():
    rooms = import_graph.rooms(import_graph.graph(ROOT, "pipelines"))
    assert import_graph.circles(ROOMS) == import_graph.circles(rooms) == []
    wrong = {(room, other) for room, others in rooms.items() if room for other in others - ROOMS[room]}
    assert wrong == set()


def test_a_circle_is_found_wherever_the_import_stands(tmp_path):
    files = {
        "__init__.py": "",
        "a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lib import b\n",
        "b.py": "def f():\n    import lib.room.c\n",
        "room/c.py": "from lib.a import x\nfrom lib import d\n",
        "d.py": "import json\n",
    }
    for name, text in files.items():
        (tmp_path / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lib" / name).write_text(text)
    edges = import_graph.graph(tmp_path, "lib")
    assert import_graph.circles(edges) == [["lib.a", "lib.b", "lib.room.c"]]
    assert import_graph.circles(import_graph.rooms(edges)) == [["a", "b", "room"]]


def modules_after(statement):
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_importing_the_library_loads_no_other_module():
    """No time is measured here (`benchmarks/import_cost.py` does): it costs what its own modules cost."""
    own = {"keras_genssl", "keras_genssl.onednn", "keras_genssl.registered", "keras_genssl.registry"}
    code = """
import sys, keras
before = set(sys.modules)
import keras_genssl as kg
print(*set(sys.modules) - before)
kg.models.SRCNN
print(*sys.modules)
"""
    added, one = map(set, map(str.split, processes.run(["-c", code]).output.splitlines()))
    assert added == own
    assert "keras_genssl.models.super_resolution.srcnn" in one
    assert {name for name in one if name.startswith("keras_genssl.models.gans.")} == set()
    # Nor Keras: whoever prepares images, or asks the command line for help, does not wait for it.
    alone = modules_after("import keras_genssl")
    assert {name for name in alone if name.startswith(("keras", "tensorflow", "numpy"))} == own


def test_components_import_beam_only_when_they_have_work():
    names = ("data.example_gen.images", "data.example_gen.dataset", "data.prepare", "data.prepare_groups", "run.run")
    found = modules_after("\n".join(f"import pipelines.{name}" for name in names))
    assert {name for name in found if name.startswith(("apache_beam", "tensorflow"))} == set()
