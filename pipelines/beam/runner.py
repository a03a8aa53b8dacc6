"""Builds the linear graph that components need, and runs it on this machine or on another engine.

FnApiRunner is named because DirectRunner would first try to download another runner. One worker is this process; more
workers are as many processes. If a worker fails or dies, the job ends with an error; finished shards are kept.
"""

import contextlib
import functools
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pipelines.beam.quiet  # noqa: F401

# isort: split
import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineRunner, create_runner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipelines.beam import failure, graphs, mortal_worker, options, worker
from pipelines.errors import UnfinishedError, UserError
from pipelines.runtime import engines


def run_each(elements: Sequence[tuple], function: Callable[..., Any], workers: engines.Workers) -> None:
    """Calls a function with each element's items, spread over the workers; components call `jobs.run_each`."""
    run(
        lambda pipeline: (
            pipeline
            | "Elements" >> beam.Create(elements)
            | "To all workers" >> beam.Reshuffle()
            | "Each" >> beam.MapTuple(functools.partial(_call, function))
        ),
        workers,
        len(elements),
    )


def _call(function: Callable[..., Any], *items: Any) -> None:
    """Calls a function and drops its result, which some engines would send to the driver."""
    try:
        function(*items)
    except Exception as error:  # the driver reports any exception
        raise failure.pack(error) from error


def run(build: Callable[[beam.Pipeline], Any], workers: engines.Workers, tasks: int) -> None:
    """Builds a graph and runs it to its end.

    Args:
        build: gets the pipeline.
        workers: the number of processes on this machine, or an engine.
        tasks: the number of pieces of work, into which Dask divides them.

    Raises:
        UserError: the engine would run the graph wrongly, an option is not for it, or a worker raised one.
        UnfinishedError: a worker raised another exception, with its traceback as the cause, or the engine failed.
        ChildProcessError: a worker died; Dask first gives its work to others.
    """
    engine = engines.of(workers)
    with _quiet():
        pipeline = beam.Pipeline(runner=_runner(engine), options=options.make(engine, tasks))
        build(pipeline)
        if engine.runner == engines.DASK:
            graphs.refuse_on_dask(pipeline)
        try:
            if engine.runner == engines.DASK:
                _run_on_dask(pipeline)
            else:
                pipeline.run().wait_until_finish()
        except (UserError, OSError):  # for example a cluster that does not answer
            raise
        except Exception as error:
            if mortal_worker.DEATH in str(error):
                raise _died(str(error)) from error
            if str(error).startswith("KeyboardInterrupt"):  # Beam wraps it if the worker is this process
                raise KeyboardInterrupt from error
            found = failure.unpack(error)
            if found is None:
                raise UnfinishedError(f"--runner {engine.runner}: {failure.in_a_line(error)}") from error
            raise found.error() from failure.WorkerTracebackError(found.traceback)


def _run_on_dask(pipeline: beam.Pipeline) -> None:
    from distributed import KilledWorker

    result = pipeline.run()
    try:
        result.wait_until_finish()
    except KilledWorker as error:
        raise _died(str(error)) from error
    finally:
        result.client.close()  # Beam leaves it open


def _died(text: str) -> ChildProcessError:
    return ChildProcessError(
        f"a worker died, of too little memory perhaps ({text.strip()}); what was written by then is kept, "
        "and the same command continues from there"
    )


def _runner(engine: engines.Engine) -> PipelineRunner:
    if engine.runner == engines.FNAPI:
        return FnApiRunner(_environment(engine.workers))
    return create_runner(engines.RUNNERS[engine.runner])


def _environment(workers: int) -> SubprocessSDKEnvironment | None:
    if workers == 1:
        return None
    command = [sys.executable, "-P", os.path.abspath(worker.__file__), str(os.getpid())]
    # Without `exec` the worker's parent would be a shell, and the worker would not notice the driver's death.
    return SubprocessSDKEnvironment.from_command_string("exec " + shlex.join(command))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses Beam's own messages, also from workers: an error of a job is raised and reported once."""
    logger = logging.getLogger("apache_beam")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
