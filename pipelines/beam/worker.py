"""What a worker process runs: Beam's harness, with the driver's packages, for as long as the driver lives.

It is started as a file (`python -P worker.py DRIVER`), so that neither the current directory nor this
file's is on the path: a user's folder named `pipelines` does not shadow this package.
"""

import logging
import os
import sys
import threading
import time
from pathlib import Path


def _end_with(driver: int) -> None:
    """A driver killed with SIGKILL leaves no worker that goes on writing."""
    while os.getppid() == driver:
        time.sleep(0.2)
    os._exit(1)


def main(driver: int) -> None:
    """Run the harness."""
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()
    logging.disable(logging.ERROR)  # the harness tells its whole life; an error of the job is raised in the driver
    root = str(Path(__file__).resolve().parents[2])
    sys.path.insert(0, root)
    import keras_genssl  # noqa: F401  (found here and now, under the driver's root)
    import pipelines.beam  # noqa: F401

    sys.path.remove(root)
    sys.path.append(root)
    from apache_beam.runners.worker import sdk_worker, sdk_worker_main

    # Beam prints an error of the job here and sends it to the driver, which raises and tells it. What else ends a
    # worker is no call of this `print`, and is shown.
    vars(sdk_worker)["print"] = _keep_back
    sdk_worker_main.main([])


def _keep_back(*values: object, file: object = None) -> None:
    """Takes the place of `print`."""


if __name__ == "__main__":
    main(int(sys.argv[1]))
