"""SIGKILL in the middle of a preparation with two workers; the next run completes it."""

import os
import signal
import subprocess
import sys
import time

import pipelines
from pipelines.components.image_example_gen import image_example_gen
from pipelines.components.prepare import prepare
from tests.pipelines.components.image_files import save

ROOT = os.path.dirname(os.path.dirname(pipelines.__file__))
PARAMETERS = {"patch_size": 16, "stride": 2}
RUN = f"""
import sys
sys.path.insert(0, {ROOT!r})
from pipelines.components.image_example_gen import image_example_gen
from pipelines.components.prepare import prepare

source, out = sys.argv[1:]
examples = image_example_gen(source, out + "/examples", {{"eval": ["p0"]}})
prepare(examples, out + "/prepared", "super_resolution", {PARAMETERS}, workers=2)
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
    resumed = prepare(examples, out / "prepared", "super_resolution", PARAMETERS)
    assert not resumed.reused
    kept = (resumed.path / finished.name).stat()
    assert (kept.st_ino, kept.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert [path.name for path in (out / "prepared").iterdir()] == [resumed.digest]
    uninterrupted = prepare(examples, tmp_path / "elsewhere", "super_resolution", PARAMETERS)
    assert contents(resumed.path) == contents(uninterrupted.path)
