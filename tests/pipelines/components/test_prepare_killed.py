"""SIGKILL in the middle of a preparation: of the driver, of a worker, of a shard write; the next run completes it."""

import os
import signal
import subprocess
import sys
import time

import pytest

import pipelines
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare
from tests.pipelines.components.image_files import save

ROOT = os.path.dirname(os.path.dirname(pipelines.__file__))
PARAMETERS = {"patch_size": 16, "stride": 2}
RUN = f"""
import sys
sys.path.insert(0, {ROOT!r})
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare

source, out = sys.argv[1:]
examples = image_example_gen(source, out + "/examples", {{"eval": ["p0"]}})
prepare(examples, out + "/prepared", SuperResolution(**{PARAMETERS}), workers=2)
"""


def processes_of(mark):
    """Process ids whose command line holds a mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if mark in file.read():
                    found.append(int(pid))
        except OSError:
            continue
    return found


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_sigkill_then_the_next_run_completes_with_the_same_bytes(tmp_path):
    for seed in range(9):
        save(tmp_path / "photos" / f"p{seed}.png", seed, height=90, width=90)
    out = tmp_path / "out"
    run = subprocess.Popen([sys.executable, "-P", "-c", RUN, str(tmp_path / "photos"), str(out)])
    try:
        deadline = time.monotonic() + 120
        while not (reports := list(out.glob("prepared/*.building/.reports/*.json"))):
            assert run.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        finished = out / "prepared" / reports[0].parts[-3] / reports[0].stem
        workers = processes_of(f"worker.py\0{run.pid}\0".encode())
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert workers
    deadline = time.monotonic() + 20
    while processes_of(f"worker.py\0{run.pid}\0".encode()):
        assert time.monotonic() < deadline, "workers outlived their driver"
        time.sleep(0.05)
    (building,) = (out / "prepared").iterdir()
    assert building.name.endswith(".building")
    assert not (building / "manifest.json").exists()
    written = finished.stat()

    examples = image_example_gen(tmp_path / "photos", out / "examples", {"eval": ["p0"]})
    assert examples.reused
    resumed = prepare(examples, out / "prepared", SuperResolution(**PARAMETERS))
    assert not resumed.reused
    kept = (resumed.path / finished.name).stat()
    assert (kept.st_ino, kept.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert [path.name for path in (out / "prepared").iterdir()] == [resumed.digest]
    uninterrupted = prepare(examples, tmp_path / "elsewhere", SuperResolution(**PARAMETERS))
    assert contents(resumed.path) == contents(uninterrupted.path)


DYING = f"""
import os, signal, sys
sys.path.insert(0, {ROOT!r})
from pipelines.beam import records

frame, count = records.frame, 0

def dying(record):
    global count
    count += 1
    if count == 30 and not os.path.exists(os.environ["MARK"]):
        open(os.environ["MARK"], "x").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return frame(record)

records.frame = dying
"""
# Python runs `sitecustomize` at the start of each process that finds it: here, in the worker processes alone.
IN_WORKERS = f"""
import sys
if any(word.endswith("worker.py") for word in sys.orig_argv):
    exec({DYING!r})
"""
PREPARE = f"""
import sys
sys.path.insert(0, {ROOT!r})
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare

source, out, workers = sys.argv[1:]
examples = image_example_gen(source, out + "/examples", {{"eval": ["p0"]}}, shards={{"train": 1, "eval": 1}})
prepare(examples, out + "/prepared", SuperResolution(patch_size=16, stride=4), workers=int(workers))
"""


@pytest.mark.parametrize(("killed", "workers"), [("shard write", 1), ("worker", 2)])
def test_killed_while_it_writes_a_shard_then_the_next_run_has_the_same_bytes(killed, workers, tmp_path):
    for seed in range(4):
        save(tmp_path / "photos" / f"p{seed}.png", seed, height=32, width=32)  # 25 patches each
    out, parameters = tmp_path / "out", {"patch_size": 16, "stride": 4}
    examples = image_example_gen(
        tmp_path / "photos", out / "examples", {"eval": ["p0"]}, shards={"train": 1, "eval": 1}
    )
    uninterrupted = prepare(examples, tmp_path / "elsewhere", SuperResolution(**parameters))
    environment = dict(os.environ, MARK=str(tmp_path / "mark"))
    program = PREPARE
    if killed == "worker":
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "sitecustomize.py").write_text(IN_WORKERS)
        environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    else:
        program = DYING + program
    command = [sys.executable, "-P", "-c", program, str(tmp_path / "photos"), str(out), str(workers)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert (tmp_path / "mark").exists(), done.stderr
    if killed == "worker":
        assert "ChildProcessError: a worker died" in done.stderr.splitlines()[-1]
    assert done.returncode == (1 if killed == "worker" else -signal.SIGKILL)
    (building,) = (out / "prepared").iterdir()
    assert list(building.glob("*train*.part-*"))
    assert not (building / "manifest.json").exists()

    completed = prepare(examples, out / "prepared", SuperResolution(**parameters))
    assert not completed.reused
    assert contents(completed.path) == contents(uninterrupted.path)
