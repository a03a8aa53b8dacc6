"""Children that work when they are told to. Needs nothing but Python: children have other libraries."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_MARK = "peer: "


def serve(agreed: float, steps: Callable[[int], Any], warmup: int = 2) -> None:
    """Runs in a child: warms up, says a number, then obeys until the input ends.

    Args:
        agreed: A number on which all sides agree, such as that of the parameters that are trained.
        steps: Takes a number of steps; all work is done when it returns.
        warmup: The steps that are taken first.
    """
    before = _megabytes()
    if warmup:
        steps(warmup)
    _say(agreed=agreed)
    for line in sys.stdin:
        started = time.perf_counter()
        steps(int(line))
        _say(seconds=time.perf_counter() - started, megabytes=_megabytes() - before)


def _megabytes() -> float:
    """The largest resident size of the process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _say(**values: Any) -> None:
    print(_MARK + json.dumps(values), flush=True)


class Child:
    """A process that works when it is told to; see `serve`.

    Args:
        python: Its interpreter.
        script: A file of this folder.
        arguments: Of the script.
        threads: How many threads its libraries may use.

    Attributes:
        megabytes: By how much the work has raised the peak of its memory.
    """

    def __init__(self, python: str | Path, script: str, arguments: Sequence[str], threads: int) -> None:
        environment = {
            "OMP_NUM_THREADS": str(threads),
            "OPENBLAS_NUM_THREADS": str(threads),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "1",
            "KERAS_BACKEND": "tensorflow",
        }
        self.megabytes = 0.0
        self._process = subprocess.Popen(
            [str(python), str(HERE / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    def ready(self) -> float:
        """Waits until the child has warmed up; returns the number on which all agree."""
        return float(self._hear()["agreed"])

    def seconds(self, steps: int) -> float:
        """The seconds that a number of steps take."""
        assert self._process.stdin is not None
        print(steps, file=self._process.stdin, flush=True)
        heard = self._hear()
        self.megabytes = float(heard["megabytes"])
        return float(heard["seconds"])

    def end(self) -> None:
        """Ends the child."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_MARK):
                return dict(json.loads(line[len(_MARK) :]))
        raise RuntimeError(f"{' '.join(self._process.args)} ended with {self._process.wait()}")  # type: ignore[arg-type]
