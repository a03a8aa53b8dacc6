"""The two linear graphs that components need, and how they run on this machine.

FnApiRunner is named: DirectRunner would try to download another first. One worker is this process; more are
as many processes. If a worker fails or dies the job ends with an error; shards written by then are kept.
"""

import contextlib
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipelines.beam import (
    mortal_worker,  # noqa: F401  (registers itself)
    worker,
)


def run_each(elements: Sequence[tuple], function: Callable[..., Any], workers: int) -> None:
    """Call a function with each element's items, spread over the workers."""
    _run(
        lambda pipeline: (
            pipeline
            | "Elements" >> beam.Create(elements)
            | "To all workers" >> beam.Reshuffle()
            | "Each" >> beam.MapTuple(function)
        ),
        workers,
    )


def run_grouped(pairs: Sequence[tuple[int, Any]], function: Callable[..., Any], workers: int) -> None:
    """Call a function with each number and the values paired with it (in no order), over all workers."""
    _run(
        lambda pipeline: (
            pipeline
            | "Pairs" >> beam.Create(pairs)
            | "Group" >> beam.GroupByKey()
            | "Each group" >> beam.MapTuple(function)
        ),
        workers,
    )


def _run(build: Callable[[beam.Pipeline], Any], workers: int) -> None:
    if workers < 1:
        raise ValueError(f"`workers` must be positive. Received: workers={workers}")
    options = PipelineOptions(["--direct_num_workers", str(workers)])
    with _quiet():
        pipeline = beam.Pipeline(runner=FnApiRunner(_environment(workers)), options=options)
        build(pipeline)
        pipeline.run().wait_until_finish()


def _environment(workers: int) -> SubprocessSDKEnvironment | None:
    if workers == 1:
        return None
    command = [sys.executable, "-P", os.path.abspath(worker.__file__), str(os.getpid())]
    # Without `exec` the worker's parent would be a shell, and killing the driver would not be seen.
    return SubprocessSDKEnvironment.from_command_string("exec " + shlex.join(command))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Beam's own messages, also those that workers send, from errors upwards only."""
    logger = logging.getLogger("apache_beam")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
