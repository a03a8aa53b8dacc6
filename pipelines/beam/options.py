"""Beam's options of an engine. Beam passes over what it does not know; a typing error is told here instead."""

import argparse
import contextlib
import importlib
import io

from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser
from apache_beam.runners.runner import create_runner

from pipelines.errors import UserError
from pipelines.runtime.engines import DASK, FNAPI, RUNNERS, Engine

_STRICT = (FNAPI, DASK)  # the job servers of others have options that Python does not know
_PARTITIONS = ("--dask_npartitions", "--dask_partition_size")
_MAX_PARTITIONS = 256  # work for dozens of workers, and little for Dask's scheduler


def make(engine: Engine, tasks: int = 1) -> PipelineOptions:
    """The options for one job.

    Args:
        engine: which engine, and what the user said for it.
        tasks: how many pieces of work there are. Dask is to make as many partitions, at most 256, where the user says
            nothing: by itself it puts 128 elements into one, which may be all shards of a job.

    Raises:
        UserError: if an option is unknown, or its value is not of its kind.
    """
    check(engine)
    arguments = engine.arguments()
    if engine.runner == DASK and not any(option.partition("=")[0] in _PARTITIONS for option in engine.options):
        arguments.append(f"--dask_npartitions={max(1, min(tasks, _MAX_PARTITIONS))}")
    return PipelineOptions(arguments)


def check(engine: Engine) -> None:
    """Look the options of an engine through, before anything runs.

    Raises:
        UserError: if one is unknown, its value is not of its kind, or the engine is not installed.
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
