import concurrent.futures
import json
import pathlib
import subprocess
import sys

import pytest

from pipelines.errors import UserError
from pipelines.runtime import code, store


def test_make_builds_once_and_again_when_inputs_change(tmp_path):
    built = []

    def build(part):
        built.append(part.name)
        (part / "x").write_text(str(len(built)))
        return {"count": len(built)}

    first = store.make(tmp_path / "a", {"v": 1}, build)
    again = store.make(tmp_path / "a", {"v": 1}, build)
    other = store.make(tmp_path / "a", {"v": 2}, build)
    assert (first.reused, again.reused, other.reused) == (False, True, False)
    assert again.seconds == first.seconds
    assert first.digest == again.digest != other.digest
    assert other.result == {"count": 2}
    assert (tmp_path / "a" / "x").read_text() == "2"
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["inputs"] == {"v": 2}


def test_failed_build_publishes_nothing_and_the_next_leaves_no_debris(tmp_path):
    def fail(part):
        (part / "half").write_text("")
        raise RuntimeError("died")

    with pytest.raises(RuntimeError, match="died"):
        store.make(tmp_path / "a", {}, fail)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.part").mkdir()  # as a killed build leaves it
    (tmp_path / "a.part" / "half").write_text("")
    store.make(tmp_path / "a", {}, lambda part: {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["manifest.json"]


def test_sweep_removes_what_killed_runs_beside_left_half_made_and_keeps_their_states(tmp_path):
    for run in ("mine", "killed", "working"):
        (tmp_path / run / "train.part").mkdir(parents=True)
        (tmp_path / run / "train.resume").mkdir()
        (tmp_path / run / ".report.html.part").touch()
    with store.exclusive(tmp_path / "working"):
        store.sweep(tmp_path / "mine")
    left = {run.name: sorted(path.name for path in run.iterdir()) for run in tmp_path.iterdir()}
    everything = [".report.html.part", "train.part", "train.resume"]
    assert left == {"mine": everything, "working": everything, "killed": ["train.resume"]}


def test_a_file_may_be_written_by_several_at_once(tmp_path):
    texts = [letter * 100_000 for letter in "abcd"]

    def write(text):
        for _ in range(20):
            store.write_text(tmp_path / "a", text)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(write, texts))
    assert (tmp_path / "a").read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_directory_is_held_against_another_process(tmp_path):
    hold = (
        "import sys; from pathlib import Path; from pipelines.runtime import store\n"
        "with store.exclusive(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdin=pipe, stdout=pipe) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match="another genssl run is working here"), store.exclusive(tmp_path):
            pass
        other.kill()
    with store.exclusive(tmp_path):
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def source(tmp_path, monkeypatch):
    package = tmp_path / "keras_genssl_like"
    package.mkdir()
    (package / "__init__.py").write_text("from keras_genssl_like import a\n")
    (package / "a.py").write_text('"""Doc."""\nfrom . import b\nX = 1\n')
    (package / "b.py").write_text("def f():\n    '''Doc.'''\n    import keras_genssl_like.c\n")
    (package / "c.py").write_text("Y = 1\n")
    (package / "d.py").write_text("Z = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(code, "FIRST_PARTY", ("keras_genssl_like",))
    code.digest.cache_clear()
    yield package
    code.digest.cache_clear()
    sys.modules.pop("keras_genssl_like", None)


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("a.py", '"""Another."""\nfrom . import b  # why\nX   = 1\n', False),
        ("a.py", '"""Doc."""\nfrom . import b\nX = 2\n', True),
        ("b.py", "def f():\n    import keras_genssl_like.c\n", False),
        ("c.py", "Y = 2\n", True),
        ("d.py", "Z = 2\n", False),
    ],
)
def test_code_digest_follows_imports_and_ignores_docstrings(source, file, text, changes):
    before = code.digest("keras_genssl_like.a")
    (source / file).write_text(text)
    code.digest.cache_clear()
    assert (code.digest("keras_genssl_like.a") != before) == changes


@pytest.mark.parametrize(
    ("file", "changes"),
    [("table.npz", True), ("tables/deep.npz", True), ("other.npz", False), ("none/deep.npz", False)],
)
def test_code_digest_holds_the_data_that_a_module_names(source, file, changes):
    (source / "c.py").write_text("FILE = Path(__file__).with_name('table.npz')\nDEEP = 'tables', 'deep.npz'\n")
    for path in ("table.npz", "other.npz", "tables/deep.npz", "none/deep.npz"):
        (source / path).parent.mkdir(exist_ok=True)
        (source / path).write_bytes(b"1")
    before = code.digest("keras_genssl_like.a")
    (source / file).write_bytes(b"2")
    code.digest.cache_clear()
    assert (code.digest("keras_genssl_like.a") != before) == changes


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
    code.digest.__wrapped__(module)
    assert [path for path in seen if path.endswith(f"keras_genssl/{file}")]


def test_code_digest_leaves_out_what_it_is_told_to(source):
    before = code.digest("keras_genssl_like.a", without=("keras_genssl_like.b",))
    (source / "c.py").write_text("Y = 2\n")  # only b imports it
    code.digest.cache_clear()
    assert code.digest("keras_genssl_like.a", without=("keras_genssl_like.b",)) == before


def test_versions_name_what_results_stand_on():
    assert {"python", "keras", "tensorflow", "numpy"} <= set(code.versions())
