import concurrent.futures
import json
import subprocess
import sys

import pytest

from pipelines.errors import UserError
from pipelines.runtime import store


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
