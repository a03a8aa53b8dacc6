"""Spreads work over the workers. Beam is imported when the first job starts: a run with nothing to do has none."""

import collections
import functools
import pickle
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from pipelines.runtime.engines import Workers


def run_each(elements: Sequence[tuple], function: Callable[..., Any], workers: Workers) -> None:
    """Calls a function with each element's items.

    Args:
        elements: the pieces of work; can be pickled.
        function: can be pickled; what it returns is dropped.
        workers: the number of processes (1 is this process), or the engine that has them.

    Raises:
        UserError: a worker raised one, or the engine does not take an option.
        UnfinishedError: a worker raised another exception, with its traceback as the cause, or the engine failed.
        ChildProcessError: a worker died; Dask first gives its work to others.
    """
    from pipelines.beam import runner

    runner.run_each(elements, function, workers)


def run_grouped(pairs: Sequence[tuple[int, Any]], function: Callable[..., Any], workers: Workers) -> None:
    """Calls a function with each number and the values paired with it, as `run_each` does.

    The driver has all pairs, and a group of them is sent as one small element: engines keep several copies of each
    element, and one element for each image would cost the driver kilobytes.
    """
    groups = collections.defaultdict(list)
    for number, value in pairs:
        groups[number].append(value)
    packed = [(number, zlib.compress(pickle.dumps(values))) for number, values in groups.items()]
    run_each(packed, functools.partial(_call_unpacked, function), workers)


def _call_unpacked(function: Callable[..., Any], number: int, packed: bytes) -> None:
    function(number, pickle.loads(zlib.decompress(packed)))
