"""Runs signatures of SavedModels with TensorFlow alone; `CleanProcess` starts it as `python -I` on this file.

Reads pickled requests from standard input until that ends, and writes a pickled reply to each to standard output.
It imports nothing of this package, and neither does anything it calls: the names below cannot be imported.
"""

import os
import pickle
import sys
import time
import traceback
from typing import Any

BLOCKED = ("keras", "tf_keras", "keras_genssl", "pipelines")
# TensorFlow imports it where it is installed, for a converter: a second that no SavedModel needs.
SKIPPED = ("jax",)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Loads the SavedModel that a request names and calls one of its signatures."""
    import tensorflow as tf

    start = time.perf_counter()
    loaded = tf.saved_model.load(request["path"])
    load_seconds = time.perf_counter() - start
    if request["signature"] not in loaded.signatures:
        raise LookupError(f"no signature {request['signature']!r} among {sorted(loaded.signatures)}")
    function = loaded.signatures[request["signature"]]
    inputs = request["inputs"]
    if not isinstance(inputs, dict):
        (argument,) = function.structured_input_signature[1]
        inputs = {argument: inputs}
    start = time.perf_counter()
    specs = function.structured_input_signature[1]
    outputs = dict(function(**{name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}))
    reasons = [reason.decode() for reason in outputs.pop("error", tf.constant([], tf.string)).numpy()]
    if any(reasons):
        raise ValueError(f"an input was refused: {next(filter(None, reasons))}")
    reply = {
        "outputs": {name: list(output.numpy()) for name, output in outputs.items()},
        "load_seconds": load_seconds,
        "run_seconds": time.perf_counter() - start,
    }
    imported = [name for name in BLOCKED if sys.modules[name] is not None]
    if imported:
        raise ImportError(f"imported {imported}")
    return reply


def main() -> None:
    """Answers requests, one at a time."""
    sys.modules.update(dict.fromkeys(BLOCKED + SKIPPED))  # type: ignore[arg-type]  # None: an import raises
    with os.fdopen(os.dup(1), "wb") as replies:
        os.dup2(2, 1)  # output that a model prints must not mix with replies
        while True:
            try:
                request = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            try:
                reply = answer(request)
            except Exception:
                reply = {"error": traceback.format_exc()}
            pickle.dump(reply, replies)
            replies.flush()


if __name__ == "__main__":
    main()
