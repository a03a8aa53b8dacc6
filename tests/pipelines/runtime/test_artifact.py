import threading

import pytest

from pipelines.errors import UserError
from pipelines.runtime import store
from pipelines.runtime.artifact import publish


def make(calls, content="x"):
    def build(directory):
        calls.append(directory.name)
        (directory / "data").write_text(content)
        (directory / "data.part-1").write_text("debris")
        return {"files": {"data": len(content)}, "content": content}

    return build


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_an_execution_is_done_once_and_another_beside_it(tmp_path):
    calls = []
    first = publish(tmp_path, {"a": 1}, make(calls))
    again = publish(tmp_path, {"a": 1}, make(calls))
    other = publish(tmp_path, {"a": 2}, make(calls))
    assert (first.reused, again.reused, other.reused) == (False, True, False)
    assert first.manifest == again.manifest
    assert names(tmp_path) == sorted([first.digest, other.digest])
    assert names(first.path) == ["data", "manifest.json"]
    assert len(calls) == 2


def test_a_directory_that_lost_bytes_is_made_again(tmp_path):
    calls = []
    first = publish(tmp_path, {}, make(calls))
    (first.path / "data").write_text("")
    assert not publish(tmp_path, {}, make(calls)).reused
    assert (first.path / "data").read_text() == "x"


def test_a_directory_without_manifest_is_never_read(tmp_path):
    first = publish(tmp_path, {}, make([]))
    (first.path / "manifest.json").unlink()
    assert not publish(tmp_path, {}, make([])).reused


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"files": 1, "content": ""}', "\xff"])
def test_a_directory_whose_manifest_is_damaged_is_made_again(tmp_path, text):
    first = publish(tmp_path, {}, make([]))
    manifest = (first.path / "manifest.json").read_bytes()
    (first.path / "manifest.json").write_bytes(text.encode("latin-1"))
    assert not publish(tmp_path, {}, make([])).reused
    assert (first.path / "manifest.json").read_bytes() == manifest
    made = store.make(tmp_path / "of a run", {"code": ""}, lambda part: {"sha256": "x"})
    (made.path / "manifest.json").write_bytes(text.encode("latin-1"))
    assert not store.make(made.path, {"code": ""}, lambda part: {"sha256": "x"}).reused
    assert store.read(made.path).content == "x"


def test_a_crash_keeps_the_work_for_the_same_execution_and_others_remove_it(tmp_path):
    def crash(directory):
        (directory / "shard").write_text("done")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        publish(tmp_path, {"a": 1}, crash)
    (left,) = names(tmp_path)
    assert left.endswith(".building")

    seen = []

    def resume(directory):
        seen.extend(names(directory))
        return {"files": {"shard": 4}, "content": ""}

    artifact = publish(tmp_path, {"a": 1}, resume)
    assert seen == ["shard"]
    assert names(tmp_path) == [artifact.digest]
    with pytest.raises(OSError, match="no space"):
        publish(tmp_path, {"a": 2}, crash)
    other = publish(tmp_path, {"a": 3}, make([]))
    assert names(tmp_path) == sorted([artifact.digest, other.digest])


def test_a_users_mistake_leaves_nothing(tmp_path):
    def refuse(directory):
        (directory / "shard").write_text("done")
        raise UserError("too many failures")

    with pytest.raises(UserError):
        publish(tmp_path, {}, refuse)
    assert names(tmp_path) == []


def test_of_two_runs_at_once_the_second_waits_and_reuses(tmp_path):
    inside, go = threading.Event(), threading.Event()
    results = {}

    def slow(directory):
        inside.set()
        assert go.wait(20)
        return make([])(directory)

    def second_build(directory):
        raise AssertionError("built twice")

    first = threading.Thread(target=lambda: results.update(first=publish(tmp_path, {}, slow)))
    second = threading.Thread(target=lambda: results.update(second=publish(tmp_path, {}, second_build)))
    first.start()
    assert inside.wait(20)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    go.set()
    first.join(20)
    second.join(20)
    assert (results["first"].reused, results["second"].reused) == (False, True)
