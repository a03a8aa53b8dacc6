import dataclasses
import json
import multiprocessing
import pathlib
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from pipelines.errors import UserError
from pipelines.runtime import history, lineage, recording, store
from pipelines.runtime import metadata as metadata_module
from pipelines.runtime.component import Component, Kind, Source
from pipelines.runtime.metadata import FILE, VERSION, Metadata

READ = Component("Read", {"images": Kind.IMAGES}, Kind.EXAMPLES)
LEARN = Component("Learn", {"examples": Kind.EXAMPLES}, Kind.WEIGHTS)
PUSH = Component("Push", {"weights": Kind.WEIGHTS, "again": Kind.EXAMPLES}, Kind.PUSHED)


@dataclasses.dataclass(frozen=True)
class Made:
    path: pathlib.Path
    content: str
    reused: bool = False
    inputs: dict = dataclasses.field(default_factory=dict)
    parameters: dict = dataclasses.field(default_factory=dict)
    code: str = "code"


def record_run(output, weights="w1", code="c1", reused=False):
    """A run of three components, as `Steps` records it."""
    examples = Made(output / "examples" / "e", "e1", reused, {"files": "f"}, {"split": 0.5}, code)
    learnt = Made(output / "runs" / "r" / "train", weights, reused, {}, {"examples": "e1", "steps": 3}, code)
    pushed = Made(pathlib.Path("/served/m/1"), f"card of {weights}", reused)
    with recording.begin(Metadata(output), "r", "genssl run r") as record:
        for spec, reads, made in (
            (READ, {"images": (Kind.IMAGES, Source(Kind.IMAGES, "photos"))}, examples),
            (LEARN, {"examples": (Kind.EXAMPLES, examples)}, learnt),
            (PUSH, {"weights": (Kind.WEIGHTS, learnt), "again": (Kind.EXAMPLES, examples)}, pushed),
        ):
            with record.execution(spec.name) as execution:
                execution.succeed(spec, reads, made, {"keras": "3"}, f"made {made.content}")
        record.complete(output / "runs" / "r", pushed.path, True, "fid 2", {"fid": 2.0})
    return record.number


def _directory(path, **manifest):
    path.mkdir(parents=True, exist_ok=True)
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def _chain(graph):
    return [(it.component, it.state, it.code, it.run) for it in graph.executions.values()]


def test_run_is_told_with_its_numbers_and_what_each_execution_read_and_wrote(tmp_path):
    number = record_run(tmp_path)
    metadata = Metadata(tmp_path)
    run = history.run(metadata, number)
    assert (run.state, run.blessed, run.summary, run.numbers, run.error) == (
        "complete",
        True,
        "fid 2",
        {"fid": 2.0},
        None,
    )
    assert (run.directory, run.pushed) == (str(tmp_path / "runs" / "r"), "/served/m/1")
    graph = lineage.of_run(metadata, number)
    kinds = {number: artifact.type for number, artifact in graph.artifacts.items()}
    assert [({n: kinds[i] for n, i in it.reads.items()}, kinds[it.wrote]) for it in graph.executions.values()] == [
        ({"images": "Images"}, "Examples"),
        ({"examples": "Examples"}, "ModelWeights"),
        ({"weights": "ModelWeights", "again": "Examples"}, "PushedModel"),
    ]
    learn = list(graph.executions.values())[1]
    assert (learn.parameters, learn.versions) == ({"steps": 3}, {"keras": "3"})  # what is read is no parameter
    assert not list((tmp_path / "runs").iterdir())  # no mark is left


def test_lineage_follows_content_to_the_executions_that_made_it_when_it_was_read(tmp_path):
    record_run(tmp_path, "w1", "c1")
    record_run(tmp_path, "w1", "c1", reused=True)
    record_run(tmp_path, "w2", "c2")
    elsewhere = _directory(tmp_path / "copied", content="card of w1")
    chain = _chain(lineage.of_path(Metadata(tmp_path), elsewhere))
    assert chain == [("Read", "complete", "c1", 1), ("Learn", "complete", "c1", 1), ("Push", "complete", "code", 1)]
    (tmp_path / "pushed" / "assets.extra").mkdir(parents=True)
    (tmp_path / "pushed" / "assets.extra" / "card.json").write_text('{"digest": "card of w2"}')
    chain = _chain(lineage.of_path(Metadata(tmp_path), tmp_path / "pushed" / "assets.extra"))
    assert chain == [("Read", "complete", "c2", 3), ("Learn", "complete", "c2", 3), ("Push", "complete", "code", 3)]
    assert len(lineage.of_path(Metadata(tmp_path), _directory(tmp_path / "x", content="e1")).executions) == 1


def test_lineage_goes_on_through_a_source_whose_content_an_earlier_run_made(tmp_path):
    infer = Component("Infer", {"examples": Kind.PREPARED, "weights": Kind.SAVED_MODEL}, Kind.EMBEDDINGS)
    record_run(tmp_path, "w1", "c1")
    chains = {}
    for name, weights in {"known": "w1", "unknown": "w9", "untold": None}.items():
        reads = {
            "examples": (Kind.PREPARED, Source(Kind.PREPARED, "/another/kind/of/e", "e1")),
            "weights": (Kind.SAVED_MODEL, Source(Kind.SAVED_MODEL, "/a/copy", weights)),
        }
        made = Made(_directory(tmp_path / name, content=name), name, inputs={"weights": "w1"})
        with recording.begin(Metadata(tmp_path), "infer", "genssl infer") as record:
            with record.execution(infer.name) as execution:
                execution.succeed(infer, reads, made, {}, "")
            record.complete(made.path, None, None, "", {})  # the directory of a batch job's run is its artifact's
        record_run(tmp_path, weights or "w1", "later")  # too late to have made what was read
        graph = lineage.of_path(Metadata(tmp_path), tmp_path / name)
        chains[name] = [(it.component, it.code) for it in graph.executions.values()]
        read = [graph.artifacts[number] for number in graph.executions[max(graph.executions)].reads.values()]
        assert [pathlib.Path(it.path).name for it in read] == ["e", "train" if name == "known" else "copy"]
    read = [("Read", "c1")], [("Read", "later")]  # e1 was made anew by the time of the second
    assert chains == {
        "known": [*read[0], ("Learn", "c1"), ("Infer", "code")],
        "unknown": [*read[1], ("Infer", "code")],
        "untold": [*read[1], ("Infer", "code")],
    }
    with pytest.raises(UserError, match=r"no run recorded in .* made it"):  # but only read it
        lineage.of_path(Metadata(tmp_path), _directory(tmp_path / "x", content=store.digest({"files": "f"})))


def test_output_that_moved_tells_its_lineage(tmp_path):
    (tmp_path / "old").mkdir()
    record_run(tmp_path / "old")
    _directory(tmp_path / "old" / "examples" / "e", content="e1")
    (tmp_path / "old").rename(tmp_path / "new")
    path = tmp_path / "new" / "examples" / "e"
    assert lineage.home(path) == tmp_path / "new"
    graph = lineage.of_path(Metadata(tmp_path / "new"), path)
    assert graph.artifacts[graph.target].path == str(path)


def test_what_no_run_made_is_a_clear_error(tmp_path):
    with pytest.raises(UserError, match="no `genssl run` wrote to this --output yet"):
        history.runs(Metadata(tmp_path))
    record_run(tmp_path)
    (tmp_path / "plain").mkdir()
    cases = {
        tmp_path / "none": "there is no such file or directory",
        tmp_path / "plain": "must be a pushed model",
        _directory(tmp_path / "foreign", content="z"): "no run recorded in .* made it; name its output with --output",
    }
    for path, message in cases.items():
        with pytest.raises(UserError, match=message):
            lineage.of_path(Metadata(tmp_path), path)
    for ask in (history.run, lineage.of_run):
        with pytest.raises(UserError, match="there is no run 9; `genssl runs` lists them"):
            ask(Metadata(tmp_path), 9)


def test_error_ends_run_and_execution_as_failed_and_ctrl_c_as_interrupted(tmp_path):
    for error in (UserError("too few"), ValueError("ours"), KeyboardInterrupt()):
        metadata = Metadata(tmp_path)
        with (
            pytest.raises(type(error)),
            recording.begin(metadata, "r", "c") as record,
            record.execution("Learn"),
        ):
            raise error
    runs = history.runs(Metadata(tmp_path))
    assert [(run.state, run.error) for run in runs] == [
        ("interrupted", "KeyboardInterrupt: "),
        ("failed", "ValueError: ours"),
        ("failed", "too few"),
    ]
    assert [_chain(lineage.of_run(Metadata(tmp_path), run.id))[0][1] for run in runs] == [
        "interrupted",
        "failed",
        "failed",
    ]


HOLD = """
import sys
import threading
from pathlib import Path
from pipelines.runtime import recording
from pipelines.runtime.metadata import Metadata
with recording.begin(Metadata(Path(sys.argv[1])), "r", "c") as record, record.execution("Learn"):
    print("began", flush=True); sys.stdin.read()
"""


def test_killed_driver_leaves_an_interrupted_run(tmp_path):
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=pipe, stdout=pipe) as driver:
        assert driver.stdout.readline() == b"began\n"
        metadata = Metadata(tmp_path)
        assert [run.state for run in history.runs(metadata)] == ["running"]
        record_run(tmp_path)  # another one beside it leaves it alone
        assert [run.state for run in history.runs(metadata)] == ["complete", "running"]
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    assert [run.state for run in history.runs(metadata)] == ["complete", "interrupted"]  # told at once
    assert _chain(lineage.of_run(metadata, 1))[0][1] == "interrupted"
    record_run(tmp_path)  # and written by the next run
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("SELECT state FROM runs ORDER BY id").fetchall() == [
            ("interrupted",),
            ("complete",),
            ("complete",),
        ]
        assert connection.execute("SELECT state FROM executions WHERE run = 1").fetchall() == [("interrupted",)]


def _many(output, barrier, name):
    barrier.wait()
    for index in range(10):
        record_run(output, f"{name}{index}")


def test_two_processes_start_and_record_at_once_and_nothing_is_lost(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [context.Process(target=_many, args=(tmp_path, barrier, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    metadata = Metadata(tmp_path)
    runs = history.runs(metadata)
    assert [run.id for run in runs] == list(range(20, 0, -1))
    assert {run.state for run in runs} == {"complete"}
    made = set()
    for run in runs:
        graph = lineage.of_run(metadata, run.id)
        assert [it.component for it in graph.executions.values()] == ["Read", "Learn", "Push"]
        made |= {artifact.content for artifact in graph.artifacts.values() if artifact.type == Kind.WEIGHTS}
    assert made == {f"{name}{index}" for name in "ab" for index in range(10)}


def test_opening_sees_one_state_while_another_process_makes_the_tables(tmp_path, monkeypatch):
    (tmp_path / FILE).touch()
    other = threading.Thread(target=record_run, args=(tmp_path,))
    count = metadata_module._tables

    def interrupted(connection):
        if other.ident is None:
            other.start()
            other.join(0.3)  # its first commit waits for the reader; without a transaction it would be through
        return count(connection)

    monkeypatch.setattr(metadata_module, "_tables", interrupted)
    Metadata(tmp_path)
    other.join(60)
    assert [run.state for run in history.runs(Metadata(tmp_path))] == ["complete"]


def test_a_run_waits_for_one_of_its_number_that_could_not_be_recorded_and_holds_a_mark_of_its_own(tmp_path):
    metadata, began, go_on = Metadata(tmp_path), threading.Event(), threading.Event()

    def run():
        with recording.begin(metadata, "r", "c"):
            began.set()
            assert go_on.wait(60)

    other = threading.Thread(target=run)
    with recording._marked(metadata.mark(1)):  # of a run whose row was not written, and which is about to remove it
        other.start()
        assert not began.wait(0.3)
    assert began.wait(60)
    assert metadata.is_running(1)
    go_on.set()
    other.join(60)
    assert not metadata.is_running(1)


def _other_version(file):
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def _foreign(file):
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE notes (text)")


def _torn(file):
    file.write_bytes(file.read_bytes()[:4096] + bytes(4096))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_other_version, "its format is 2, and this version of genssl knows 1: use the version that wrote it, or move"),
        (_foreign, "is no metadata of genssl; move it away"),
        (_torn, "malformed|is damaged"),
        (lambda file: file.write_text("these are notes, not a database" * 9), "file is not a database"),
    ],
)
def test_file_of_another_version_or_a_damaged_one_is_told_and_left_as_it_is(tmp_path, spoil, message):
    record_run(tmp_path)
    spoil(tmp_path / FILE)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(UserError, match=f"{FILE}: .*(?:{message})"):
        Metadata(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before
    (tmp_path / FILE).rename(tmp_path / "moved")
    assert record_run(tmp_path) == 1


def test_disk_without_room_for_the_metadata_is_told(tmp_path):
    record = "import resource, sys; from pathlib import Path; from pipelines.runtime import recording\n"
    record += "from pipelines.runtime.metadata import Metadata\n"
    record += "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
    record += "with recording.begin(Metadata(Path(sys.argv[1])), 'r', 'c'): pass"
    done = subprocess.run([sys.executable, "-c", record, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "UserError: " in done.stderr.splitlines()[-1]
    assert done.stderr.splitlines()[-1].endswith(f"{FILE}: disk I/O error (a full disk, or no permission)")
    assert not list((tmp_path / "runs").iterdir())
    assert record_run(tmp_path) == 1
