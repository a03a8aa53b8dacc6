"""One process without Keras for all checks of SavedModels: importing TensorFlow takes longer than most checks."""

import atexit

from keras_genssl.export import CleanProcess

_process: CleanProcess | None = None


def process() -> CleanProcess:
    """Returns it, a new one where the last was killed; it ends with this process."""
    global _process
    if _process is None or _process._process.poll() is not None:
        _process = CleanProcess()
        atexit.register(_process.close)
    return _process
