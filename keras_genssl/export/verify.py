"""Proof that an export stands alone: another process loads it, with Keras and this package out of reach."""

import contextlib
import dataclasses
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import PIL.Image

from keras_genssl.export.clean import CheckFailed, CleanProcess


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


def check(
    path: str | os.PathLike[str],
    inputs: Sequence[bytes] | np.ndarray | Mapping[str, np.ndarray],
    expected: Sequence[np.ndarray] | np.ndarray,
    *,
    signature: str = "serving_default",
    atol: float | None = None,
    timeout: float = 600.0,
    process: CleanProcess | None = None,
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
        process: The `CleanProcess` to ask; by default one that is started for this check alone.

    Returns:
        A `CheckResult`.

    Raises:
        CheckFailed: If the process fails or takes too long (with the end of its standard error), if the
            signature refuses an input (with its reason), or if an answer has another shape or differs by more than
            `atol`.
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
    with contextlib.nullcontext(process) if process is not None else CleanProcess() as clean:
        reply = clean.run(path, inputs, signature, timeout)
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
