"""Runs one signature of a SavedModel with TensorFlow alone; started by `check` as `python -I` on this file.

Reads a pickled request from standard input and writes a pickled reply to the file that it names. It imports
nothing of this package, and neither does anything it calls: the names below cannot be imported.
"""

import pickle
import sys
import time

BLOCKED = ("keras", "tf_keras", "keras_genssl", "pipelines")


def main() -> None:
    """Answers one request."""
    sys.modules.update(dict.fromkeys(BLOCKED))  # type: ignore[arg-type]  # None: an import raises
    request = pickle.load(sys.stdin.buffer)

    import tensorflow as tf

    start = time.perf_counter()
    loaded = tf.saved_model.load(request["path"])
    load_seconds = time.perf_counter() - start
    if request["signature"] not in loaded.signatures:
        raise SystemExit(f"no signature {request['signature']!r} among {sorted(loaded.signatures)}")
    function = loaded.signatures[request["signature"]]
    inputs = request["inputs"]
    if not isinstance(inputs, dict):
        (argument,) = function.structured_input_signature[1]
        inputs = {argument: inputs}
    start = time.perf_counter()
    (output,) = function(**{name: tf.constant(value) for name, value in inputs.items()}).values()
    reply = {
        "outputs": list(output.numpy()),
        "load_seconds": load_seconds,
        "run_seconds": time.perf_counter() - start,
    }
    imported = [name for name in BLOCKED if sys.modules[name] is not None]
    if imported:
        raise SystemExit(f"imported {imported}")
    with open(request["reply"], "wb") as file:
        pickle.dump(reply, file)


if __name__ == "__main__":
    main()
