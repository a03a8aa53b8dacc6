"""What the commands that prepare data or put it through a model have in common: their engine, and whether to reuse."""

from collections.abc import Sequence
from typing import Annotated

import typer

from pipelines.runtime import engines

Runner = Annotated[str, typer.Option(help=f"What the jobs run on: {', '.join(engines.RUNNERS)}.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Execute everything again; what is there is replaced when that is done.")
]
BeamOptions = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- BEAM_OPTIONS", help="Options of the runner: -- --dask_client_address=HOST:PORT."),
]


def engine(runner: str, workers: int, beam_options: Sequence[str] | None) -> engines.Engine:
    """The engine that was asked for, looked through before anything runs.

    Raises:
        UserError: there is none such, an option is not for it, or it is not installed.
    """
    made = engines.Engine(runner, workers, tuple(beam_options or ()))
    if made != engines.of(workers):
        from pipelines.beam import options  # loads Beam

        options.check(made)
    return made
