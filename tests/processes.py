"""Python programs in processes of their own, none of which takes 10 s of processor time to import TensorFlow.

What is killed, or is one of several workers, needs a process. `start` forks it from one that has imported TensorFlow
and run nothing, as a program's own first line would leave it. A test of what is imported, or of an environment that is
read when TensorFlow is imported, needs a new interpreter instead, and so may a program that imports none.
"""

import json
import os
import pathlib
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Mapping, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).parents[1]


class Process:
    """A program that runs; its standard output and standard error go to files."""

    def __init__(self, arguments: Sequence[str], directory: pathlib.Path, pid: int) -> None:
        self.args = arguments
        self.pid = pid
        self.returncode: int | None = None
        self._directory = directory

    @property
    def output(self) -> str:
        """What it has printed."""
        return (self._directory / "stdout").read_text()

    @property
    def errors(self) -> str:
        """Its standard error."""
        return (self._directory / "stderr").read_text()

    def poll(self) -> int | None:
        """Returns the exit status, as that of `subprocess.Popen`, or None while the program runs."""
        if self.returncode is None:
            self._wait(0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Waits for its end and returns the exit status; kills it when that takes longer than `timeout` seconds."""
        self._wait(timeout)
        if self.returncode is None:
            self.kill()
            self._wait(60)
            raise TimeoutError(f"{self.args} ran for {timeout} s:\n{self.errors[-4000:]}")
        return self.returncode

    def kill(self) -> None:
        """Ends it by SIGKILL, if it runs."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def _wait(self, timeout: float) -> None:
        self.returncode = _nursery().ended(self.pid, timeout)


def start(arguments: Sequence[Any], cwd: Any = ROOT, env: Mapping[str, str] | None = None) -> Process:
    """Starts `python *arguments`: a script, `-m` module or `-c` program, `-P` before it or not.

    Args:
        arguments: those of the interpreter.
        cwd: its current directory.
        env: its environment; by default that of this process.
    """
    directory = pathlib.Path(tempfile.mkdtemp(dir=_nursery().directory.name))
    request = {
        "arguments": [str(argument) for argument in arguments],
        "cwd": str(cwd),
        "env": dict(os.environ if env is None else env),
        "files": [str(directory / "stdout"), str(directory / "stderr")],
    }
    return Process(request["arguments"], directory, _nursery().fork(request))


def run(arguments: Sequence[Any], timeout: float = 300, **where: Any) -> Process:
    """Starts it and waits for its end; arguments as those of `start`."""
    process = start(arguments, **where)
    process.wait(timeout)
    return process


class _Nursery:
    """The process that others are forked from; it ends with this one."""

    def __init__(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        self.pid = self._process.pid
        self._statuses: dict[int, int] = {}

    def fork(self, request: dict[str, Any]) -> int:
        """Returns the number of a new process."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        while "pid" not in (told := self._told()):
            pass
        return int(told["pid"])

    def ended(self, pid: int, timeout: float) -> int | None:
        """Returns the exit status of a process that ends in time."""
        deadline = time.monotonic() + timeout
        while pid not in self._statuses:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                return None
            self._told()
        return self._statuses[pid]

    def _told(self) -> dict[str, int]:
        """Reads a line of the process: of one that was forked, or of one that ended."""
        assert self._process.stdout is not None
        line = b""
        while not line.endswith(b"\n"):  # unbuffered: `select` must see what was not read
            byte = os.read(self._process.stdout.fileno(), 1)
            assert byte, "the process that forks others is dead"
            line += byte
        told: dict[str, int] = json.loads(line)
        if "ended" in told:
            self._statuses[told["ended"]] = told["status"]
        return told


_server: _Nursery | None = None


def _nursery() -> _Nursery:
    global _server
    if _server is None:
        _server = _Nursery()
    return _server


def _serve() -> dict[str, Any] | None:
    """Forks a process for each line of standard input; returns the line in the new process, None at the input's end."""
    import tensorflow  # noqa: F401

    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    alive = set()
    while True:
        ready, _, _ = select.select([sys.stdin.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            for pid in list(alive):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    alive.remove(pid)
                    _tell(ended=pid, status=os.waitstatus_to_exitcode(status))
        if sys.stdin.fileno() in ready:
            line = sys.stdin.buffer.raw.readline()  # type: ignore[attr-defined]
            if not line:
                for pid in alive:
                    os.kill(pid, signal.SIGKILL)
                return None
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(woken)
                os.close(wake)
                request: dict[str, Any] = json.loads(line)
                return request
            alive.add(pid)
            _tell(pid=pid)


def _tell(**numbers: int) -> None:
    os.write(1, json.dumps(numbers).encode() + b"\n")


def _become(arguments: list[str], cwd: str, env: dict[str, str], files: list[str]) -> None:
    """Runs the program as the interpreter does."""
    for descriptor, path in enumerate([os.devnull, *files]):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[:0] = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    safe = arguments[0] == "-P"
    program, *rest = arguments[1:] if safe else arguments
    if program in ("-c", "-m"):
        name, *rest = rest
        sys.argv = [program, *rest]
        sys.path[:0] = [] if safe else [cwd]
        if program == "-m":
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        else:
            main = sys.modules["__main__"] = types.ModuleType("__main__")
            exec(compile(name, "<string>", "exec"), main.__dict__)
    else:
        sys.argv = [program, *rest]
        sys.path[:0] = [] if safe else [os.path.dirname(os.path.abspath(program))]
        runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    asked = _serve()
    if asked is not None:
        _become(**asked)
