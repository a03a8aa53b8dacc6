"""A separate interpreter without Keras and this package, which runs SavedModels."""

import concurrent.futures
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

_SCRIPT = pathlib.Path(__file__).with_name("clean_process.py")
_TAIL = 2000  # number of characters of the process' standard error that an exception quotes


class CheckFailed(RuntimeError):  # noqa: N818  (a verdict on the model, not an error of the caller)
    """A SavedModel did not load, did not run, or answered differently in a clean process."""


class CleanProcess:
    """An interpreter (`python -I`, on the CPU) that cannot import `keras`, `tf_keras`, `keras_genssl`, `pipelines`.

    `check` starts one by default. To check many models or signatures, pass one process to all checks: importing
    TensorFlow takes longer than checking a small model.

    Example:
        >>> with kg.export.CleanProcess() as clean:  # doctest: +SKIP
        ...     for path in paths:
        ...         kg.export.check(path, [png], [answers[path]], process=clean)
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory()
        self._errors = pathlib.Path(self._directory.name, "stderr")
        with open(self._errors, "wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(_SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._directory.name,
                env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"},
            )
        self._reader = concurrent.futures.ThreadPoolExecutor(1)  # a pipe cannot be read with a time limit

    def __enter__(self) -> "CleanProcess":
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: types.TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()
        self._reader.shutdown()
        self._directory.cleanup()

    def run(self, path: str | os.PathLike[str], inputs: Any, signature: str, timeout: float) -> dict[str, Any]:
        """Calls one signature on all of `inputs` in one batch; arguments and errors are as in `check`.

        Returns:
            `outputs`, name -> list, and the seconds `load_seconds` and `run_seconds`.
        """
        name = f"{signature!r} of {os.fspath(path)}"
        request = {"path": os.path.abspath(path), "inputs": _picklable(inputs), "signature": signature}
        waiting = self._reader.submit(self._exchange, pickle.dumps(request))
        try:
            reply = waiting.result(timeout)
        except concurrent.futures.TimeoutError:
            self._process.kill()  # otherwise the next answer on the pipe would belong to this request
            raise CheckFailed(f"{name} gave no answer within {timeout:g} s:\n{self._tail()}") from None
        except (EOFError, OSError, pickle.UnpicklingError):
            status = self._process.wait()
            raise CheckFailed(
                f"{name} failed in a process without Keras (exit status {status}):\n{self._tail()}"
            ) from None
        if "error" in reply:
            raise CheckFailed(f"{name} failed in a process without Keras:\n{reply['error'].strip()[-_TAIL:]}")
        return reply

    def _exchange(self, request: bytes) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(request)
        self._process.stdin.flush()
        reply: dict[str, Any] = pickle.load(self._process.stdout)
        return reply

    def _tail(self) -> str:
        return self._errors.read_text(encoding="utf-8", errors="replace").strip()[-_TAIL:]


def _picklable(inputs: Any) -> Any:
    if isinstance(inputs, Mapping):
        return {name: _picklable(batch) for name, batch in inputs.items()}
    if np.isscalar(inputs):
        return np.asarray(inputs)
    return inputs if isinstance(inputs, np.ndarray) else list(inputs)
