"""The Beam options of an engine. Beam ignores unknown options; here a typing error is reported."""

import argparse
import contextlib
import importlib
import io

import pipelines.beam.quiet  # noqa: F401

# isort: split
from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser
from apache_beam.runners.runner import create_runner

from pipelines.errors import UserError
from pipelines.runtime.engines import DASK, FNAPI, RUNNERS, Engine

_STRICT = (FNAPI, DASK)  # job servers of other runners have options that Python does not know
_PARTITIONS = ("--dask_npartitions", "--dask_partition_size")
_MAX_PARTITIONS = 256  # work for dozens of workers, and few enough for Dask's scheduler


def make(engine: Engine, tasks: int = 1) -> PipelineOptions:
    """Makes the options for one job.

    Args:
        engine: the engine, with the user's options.
        tasks: the number of pieces of work. If the user gives no number, Dask makes as many partitions, at most 256; by
            itself it puts 128 elements into one partition, which may be all shards of a job.

    Raises:
        UserError: an option is unknown, or its value is not of its kind.
    """
    check(engine)
    arguments = engine.arguments()
    if engine.runner == DASK and not any(option.partition("=")[0] in _PARTITIONS for option in engine.options):
        arguments.append(f"--dask_npartitions={max(1, min(tasks, _MAX_PARTITIONS))}")
    return PipelineOptions(arguments)


def check(engine: Engine) -> None:
    """Checks the options of an engine, before anything runs.

    Raises:
        UserError: an option is unknown, its value is not of its kind, or the engine is not installed.
    """
    try:
        if engine.runner in _STRICT:
            create_runner(RUNNERS[engine.runner])  # its module registers its options
        if engine.runner == DASK:
            importlib.import_module("distributed")
    except ImportError as error:
        raise UserError(f"--runner {engine.runner} needs `pip install 'keras_genssl[dask]'`: {error}") from error
    parser = _BeamArgumentParser(allow_abbrev=False, exit_on_error=False)
    for kind in dict.fromkeys(PipelineOptions.__subclasses__()):
        kind._add_argparse_args(parser)
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            unknown = parser.parse_known_args(engine.arguments())[1]
    except (argparse.ArgumentError, SystemExit) as error:
        raise UserError(*f"Options for Beam: {told.getvalue() or error}".splitlines()) from error
    if unknown and engine.runner in _STRICT:
        raise UserError(f"--runner {engine.runner} knows no option {unknown[0]}")
