"""Options of the commands that prepare data or run a model on it: the engine, and whether to reuse results."""

from collections.abc import Sequence
from typing import Annotated

import typer

from pipelines.runtime import engines

Runner = Annotated[str, typer.Option(help=f"The engine that runs the jobs: {', '.join(engines.RUNNERS)}.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Do not reuse existing results: make all again, and replace them at the end.")
]
BeamOptions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="-- BEAM_OPTIONS", help="Options of the runner, after --, such as -- --dask_client_address=HOST:PORT."
    ),
]


def engine(runner: str, workers: int, beam_options: Sequence[str] | None) -> engines.Engine:
    """Returns the requested engine, checked before anything runs.

    Raises:
        UserError: there is no such engine, an option is not for it, or it is not installed.
    """
    made = engines.Engine(runner, workers, tuple(beam_options or ()))
    if made != engines.of(workers):
        from pipelines.beam import options  # this import loads Beam

        options.check(made)
    return made
