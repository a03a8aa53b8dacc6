"""Transforms on processes, for those that are slow and written in Python."""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

Example = dict[str, Any]

_started: list[Callable[[Example, int], Example]] = []  # the transform of a worker process


class OnProcesses:
    """A transform of `data.load` that runs on processes.

    `data.load` runs transforms on threads, of which one at a time runs Python. NumPy and Pillow leave Python while they
    compute, so for them threads are enough. A transform that spends more than some milliseconds in Python itself is
    faster on processes. Each example is copied to a process, and the
    result back.

    The processes start with the first batch and end with this object. They see no GPU. `transform` may be a lambda or a
    function of a notebook. It gives the same examples as without processes, and the same `order.config`.

    Args:
        transform: `f(example, seed)`, see `data.load`.
        num_processes: at least 1; `None` for the number of cores, at most 16.

    Raises:
        ValueError: if `num_processes` is not a positive integer.

    Example:

        photos = kg.data.load("photos", 32, transform=kg.pretext.OnProcesses(slow))
    """

    def __init__(self, transform: Callable[[Example, int], Example], num_processes: int | None = None) -> None:
        num = min(os.cpu_count() or 1, 16) if num_processes is None else num_processes
        if isinstance(num, bool) or not isinstance(num, int) or num < 1:
            raise ValueError(f"`num_processes` must be an integer of at least 1. Received: {num_processes!r}")
        self.func = transform
        self.num_processes = num
        self._pool: Any = None
        self._lock = threading.Lock()

    def __call__(self, example: Example, seed: int) -> Example:
        """Transforms an example on one of the processes."""
        with self._lock:
            if self._pool is None:
                import cloudpickle
                import loky

                self._pool = loky.ProcessPoolExecutor(
                    self.num_processes,
                    initializer=_start,
                    initargs=(cloudpickle.dumps(self.func),),
                    env={"CUDA_VISIBLE_DEVICES": "-1"},
                )
                weakref.finalize(self, self._pool.shutdown, wait=False, kill_workers=True)
        return self._pool.submit(_run, example, seed).result()


def _start(pickled: bytes) -> None:
    import cloudpickle

    _started[:] = [cloudpickle.loads(pickled)]


def _run(example: Example, seed: int) -> Example:
    return _started[0](example, seed)
