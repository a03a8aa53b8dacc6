"""Children that take training steps when they are told to. Needs nothing but Python: children have other libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_MARK = "peer: "


def serve(parameters: int, steps: Callable[[int], None]) -> None:
    """Runs in a child: warms up, says how many parameters are trained, then obeys until the input ends.

    Args:
        parameters: The number of parameters that are trained.
        steps: Takes a number of steps; all work is done when it returns.
    """
    steps(2)
    _say(parameters=parameters)
    for line in sys.stdin:
        started = time.perf_counter()
        steps(int(line))
        _say(seconds=time.perf_counter() - started)


def _say(**values: Any) -> None:
    print(_MARK + json.dumps(values), flush=True)


class Child:
    """A process that takes training steps; see `serve`.

    Args:
        python: Its interpreter.
        script: A file of this folder.
        arguments: Of the script.
        threads: How many threads its libraries may use.
    """

    def __init__(self, python: str | Path, script: str, arguments: Sequence[str], threads: int) -> None:
        environment = {
            "OMP_NUM_THREADS": str(threads),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "1",
            "KERAS_BACKEND": "tensorflow",
        }
        self._process = subprocess.Popen(
            [str(python), str(HERE / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    def ready(self) -> int:
        """Waits until the child has warmed up; returns the number of parameters that it trains."""
        return int(self._hear()["parameters"])

    def seconds(self, steps: int) -> float:
        """The seconds that a number of steps take."""
        assert self._process.stdin is not None
        print(steps, file=self._process.stdin, flush=True)
        return float(self._hear()["seconds"])

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
