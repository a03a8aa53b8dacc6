"""The program of a worker process: Beam's harness, with the driver's packages, for as long as the driver lives.

It is started as a file (`python -P worker.py DRIVER`), so that neither the current directory nor this
file's directory is on the path: a user's folder named `pipelines` does not shadow this package.
"""

import logging
import os
import sys
import threading
import time
from pathlib import Path


def _end_with(driver: int) -> None:
    """Ends this worker when the driver dies, even by SIGKILL, so that it does not go on writing."""
    while os.getppid() == driver:
        time.sleep(0.2)
    os._exit(1)


def main(driver: int) -> None:
    """Runs the harness."""
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()
    logging.disable(logging.ERROR)  # the harness logs everything it does; an error of the job is raised in the driver
    root = str(Path(__file__).resolve().parents[2])
    sys.path.insert(0, root)
    import keras_genssl  # noqa: F401  (found here and now, under the driver's root)
    import pipelines.beam  # noqa: F401

    sys.path.remove(root)
    sys.path.append(root)
    from apache_beam.runners.worker import sdk_worker, sdk_worker_main

    # Beam prints an error of the job here and also sends it to the driver, which raises it. Other messages that end a
    # worker do not use this `print`, and are shown.
    vars(sdk_worker)["print"] = _keep_back
    sdk_worker_main.main([])


def _keep_back(*values: object, file: object = None) -> None:
    """Replaces `print`."""


if __name__ == "__main__":
    main(int(sys.argv[1]))
