"""Proof that an export is self-contained: another process loads it without Keras and this package."""

import contextlib
import dataclasses
import io
import os
from collections.abc import Mapping, Sequence, Sized
from typing import Any

import numpy as np
import PIL.Image

from keras_genssl.export.clean import CheckFailed, CleanProcess


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """The result of a check in a clean process.

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
    expected: Sequence[np.ndarray] | np.ndarray | Mapping[str, Sequence[np.ndarray] | np.ndarray],
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
        inputs: The inputs of the signature, `(batch, ...)`: encoded images or serialized examples as `bytes`, otherwise
            an array. For several inputs, a dict of these by name, with `num` and `seed` as scalars.
        expected: The expected answers, one array for each example: uint8 `(height, width, channels)` if the answer is
            PNG bytes, otherwise floats or integers. For several outputs, a dict of these by name.
        signature: The signature's name.
        atol: The largest absolute difference allowed; by default one grey level for PNG bytes (the last
            bit of a float may round either way on another device or batch size), and 1e-4 for tensors, or a millionth
            of their largest value where that is more (single precision knows no smaller share).
        timeout: Seconds until the process is stopped.
        process: The `CleanProcess` to use; by default one is started for this check.

    Returns:
        A `CheckResult`.

    Raises:
        CheckFailed: If the process fails or takes too long (with the end of its standard error), if the
            signature refuses an input (with its reason), or if an answer has another shape or differs by more than
            `atol`.
        ValueError: If `inputs` or `expected` is empty, or the two differ in length.

    Example:
        >>> kg.export.check("saved_models/photos_x2/1", [png], [upscaled]).max_error  # doctest: +SKIP
        0.0
    """
    given, wanted = _lengths(inputs), _lengths(expected)
    if len(wanted) != 1 or 0 in wanted or not given <= wanted:
        raise ValueError(
            "`inputs` and `expected` must have the same length, at least 1. "
            f"Received: {', '.join(map(str, sorted(given)))} inputs, {', '.join(map(str, sorted(wanted)))} expected"
        )
    with contextlib.nullcontext(process) if process is not None else CleanProcess() as clean:
        reply = clean.run(path, inputs, signature, timeout)
    told = f"{signature!r} of {os.fspath(path)}"
    answered = reply["outputs"]
    asked = expected if isinstance(expected, Mapping) else dict.fromkeys(answered, expected)
    if asked.keys() != answered.keys() or (len(answered) > 1 and asked is not expected):
        raise CheckFailed(f"{told} answers {sorted(answered)}; expected is {sorted(asked)}")
    errors = []
    for name, outputs in answered.items():
        error = largest_difference([_as_array(output) for output in outputs], asked[name])
        files = isinstance(outputs[0], bytes) or _are_files(outputs[0])
        allowed = atol if atol is not None else 1.0 if files else tensor_tolerance(asked[name])
        if not error <= allowed:  # NaN fails too
            raise CheckFailed(f"{told} differs by {error:g} from the expected values; at most {allowed:g} is allowed")
        errors.append(error)
    return CheckResult(signature, max(errors), reply["load_seconds"], reply["run_seconds"])


def _lengths(values: Any) -> set[int]:
    """Returns the number of examples, by name if there are several inputs; scalars have none."""
    parts = values.values() if isinstance(values, Mapping) else [values]
    return {len(part) for part in parts if isinstance(part, Sized) and getattr(part, "shape", None) != ()}


def _are_files(output: Any) -> bool:
    """Tells whether an answer is a stack of files."""
    return isinstance(output, np.ndarray) and output.dtype == object


def _as_array(output: Any) -> np.ndarray:
    if _are_files(output):
        return np.stack([_as_array(file) for file in output])
    if not isinstance(output, bytes):
        return np.asarray(output)
    with PIL.Image.open(io.BytesIO(output)) as image:
        pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def tensor_tolerance(expected: Any) -> float:
    """Returns the largest difference allowed by default: 1e-4, or a millionth of the largest value if that is more.

    >>> tensor_tolerance([np.ones(3)]), tensor_tolerance([np.array([-2000.0])])
    (0.0001, 0.002)
    """
    return max([1e-4, *(1e-6 * float(np.abs(wanted).max(initial=0.0)) for wanted in map(np.asarray, expected))])


def largest_difference(outputs: Sequence[np.ndarray], expected: Any) -> float:
    """Returns the largest absolute difference over all answers; NaN if a difference is NaN."""
    largest = []
    for position, (output, wanted) in enumerate(zip(outputs, map(np.asarray, expected), strict=True)):
        if output.shape != wanted.shape:
            raise CheckFailed(f"answer {position} has shape {output.shape}; expected {wanted.shape}")
        largest.append(np.abs(output.astype(np.float64) - wanted.astype(np.float64)).max(initial=0.0))
    return float(np.max(largest))
