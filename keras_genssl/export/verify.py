"""Proof that an export stands alone: another process loads it, with Keras and this package out of reach."""

import dataclasses
import io
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import PIL.Image

_SCRIPT = pathlib.Path(__file__).with_name("clean_process.py")
_TAIL = 2000  # characters of the process' standard error that an exception repeats


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """What the clean process found.

    Attributes:
        signature: The signature that answered.
        max_error: The largest absolute difference to `expected`, in its units.
        load_seconds: Time to load the SavedModel, TensorFlow's own import excluded.
        run_seconds: Time of the one call, tracing included.
    """

    signature: str
    max_error: float
    load_seconds: float
    run_seconds: float


class CheckFailed(RuntimeError):  # noqa: N818  (a verdict on the model, not an error of the caller)
    """A SavedModel did not load, did not run, or answered differently in a clean process."""


def check(
    path: str | os.PathLike[str],
    inputs: Sequence[bytes] | np.ndarray | Mapping[str, np.ndarray],
    expected: Sequence[np.ndarray] | np.ndarray,
    *,
    signature: str = "serving_default",
    atol: float | None = None,
    timeout: float = 600.0,
) -> CheckResult:
    """Loads a SavedModel where only TensorFlow can be imported, runs it and compares.

    A new interpreter (`python -I`, on the CPU) in which `keras`, `tf_keras`, `keras_genssl` and
    `pipelines` cannot be imported loads `path` and calls one signature on all of `inputs` in one batch.

    Args:
        path: The SavedModel's directory.
        inputs: What the signature takes, `(batch, ...)`: encoded images or serialized examples as
            `bytes`, else an array; where it takes several, a dict of arrays by their names.
        expected: What it should answer, one array per input: uint8 `(height, width, channels)` where
            the answer is PNG bytes, floats or integers elsewhere.
        signature: The signature's name.
        atol: The largest absolute difference allowed; by default one grey level for PNG bytes (the last
            bit of a float may round either way on another device or batch size) and 1e-4 for tensors.
        timeout: Seconds until the process is given up.

    Returns:
        A `CheckResult`.

    Raises:
        CheckFailed: If the process fails or takes too long (with the end of its standard error), or if
            an answer has another shape or differs by more than `atol`.
        ValueError: If `inputs` is empty, or `inputs` and `expected` differ in length.

    Example:
        >>> kg.export.check("saved_models/photos_x2/1", [png], [upscaled]).max_error  # doctest: +SKIP
        0.0
    """
    lengths = {len(batch) for batch in inputs.values()} if isinstance(inputs, Mapping) else {len(inputs)}
    if lengths != {len(expected)} or not len(expected):
        raise ValueError(
            "`inputs` and `expected` must have the same length, at least 1. "
            f"Received: {', '.join(map(str, sorted(lengths)))} inputs, {len(expected)} expected"
        )
    reply = _run_clean(path, inputs, signature, timeout)
    outputs = [_as_array(output) for output in reply["outputs"]]
    if atol is None:
        atol = 1.0 if isinstance(reply["outputs"][0], bytes) else 1e-4
    max_error = largest_difference(outputs, expected)
    if not max_error <= atol:  # NaN fails too
        raise CheckFailed(
            f"{signature!r} of {os.fspath(path)} differs by {max_error:g} from the expected values; "
            f"at most {atol:g} is allowed"
        )
    return CheckResult(signature, max_error, reply["load_seconds"], reply["run_seconds"])


def _run_clean(path: str | os.PathLike[str], inputs: Any, signature: str, timeout: float) -> dict[str, Any]:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    with tempfile.TemporaryDirectory() as directory:
        answer = pathlib.Path(directory, "reply.pickle")
        request = {
            "path": os.path.abspath(path),
            "inputs": _picklable(inputs),
            "signature": signature,
            "reply": str(answer),
        }
        try:
            process = subprocess.run(
                [sys.executable, "-I", str(_SCRIPT)],
                input=pickle.dumps(request),
                capture_output=True,
                cwd=directory,
                env=environment,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CheckFailed(
                f"{signature!r} of {os.fspath(path)} gave no answer within {timeout:g} s:\n{_tail(error.stderr)}"
            ) from None
        if process.returncode:
            raise CheckFailed(
                f"{signature!r} of {os.fspath(path)} failed in a process without Keras "
                f"(exit status {process.returncode}):\n{_tail(process.stderr)}"
            )
        reply: dict[str, Any] = pickle.loads(answer.read_bytes())
        return reply


def _picklable(inputs: Any) -> Any:
    if isinstance(inputs, Mapping):
        return {name: np.asarray(batch) for name, batch in inputs.items()}
    return inputs if isinstance(inputs, np.ndarray) else list(inputs)


def _tail(stderr: bytes | None) -> str:
    return (stderr or b"").decode(errors="replace").strip()[-_TAIL:]


def _as_array(output: Any) -> np.ndarray:
    if not isinstance(output, bytes):
        return np.asarray(output)
    with PIL.Image.open(io.BytesIO(output)) as image:
        pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def largest_difference(outputs: Sequence[np.ndarray], expected: Any) -> float:
    """The largest absolute difference over all answers; NaN if there is one."""
    largest = []
    for position, (output, wanted) in enumerate(zip(outputs, map(np.asarray, expected), strict=True)):
        if output.shape != wanted.shape:
            raise CheckFailed(f"answer {position} has shape {output.shape}; expected {wanted.shape}")
        largest.append(np.abs(output.astype(np.float64) - wanted.astype(np.float64)).max(initial=0.0))
    return float(np.max(largest))
