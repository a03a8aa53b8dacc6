import os
import signal
import subprocess
import sys

import pytest

import pipelines
from pipelines.beam import jobs
from pipelines.errors import UserError

ROOT = os.path.dirname(os.path.dirname(pipelines.__file__))
DYING = f"""
import os, sys
sys.path.insert(0, {ROOT!r})
from pipelines.beam import jobs

def die(number):
    os.kill(os.getpid(), {int(signal.SIGKILL)})

try:
    jobs.run_each([(number,) for number in range(4)], die, 2)
except ChildProcessError as error:
    print(error)
"""


def touch(directory, name, values):
    with open(os.path.join(directory, f"{name}"), "w") as file:
        file.write(repr(sorted(values)))


def test_groups_and_elements_reach_the_function(tmp_path):
    jobs.run_grouped([(0, 3), (1, 5), (0, 2)], lambda key, values: touch(tmp_path, key, values), 1)
    jobs.run_each([(7, [1])], lambda name, values: touch(tmp_path, name, values), 1)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "0": "[2, 3]",
        "1": "[5]",
        "7": "[1]",
    }


def interrupt(number):
    raise KeyboardInterrupt


def test_an_interruption_is_one_also_where_beam_wraps_it_up():
    with pytest.raises(KeyboardInterrupt):
        jobs.run_each([(1,)], interrupt, 1)


def test_a_killed_worker_ends_the_job_with_an_error():
    done = subprocess.run([sys.executable, "-P", "-c", DYING], capture_output=True, text=True, timeout=100)
    assert done.stdout.startswith("a worker died, of too little memory perhaps (Worker subprocess exited"), done.stderr


def test_workers_must_be_positive():
    with pytest.raises(UserError, match=r"`workers` must be positive\. Received: workers=0"):
        jobs.run_each([(1,)], print, 0)
