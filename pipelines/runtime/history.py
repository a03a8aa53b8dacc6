"""The runs of an output directory, read from the metadata store."""

import dataclasses
import json

from pipelines.errors import UserError
from pipelines.runtime.metadata import Metadata


@dataclasses.dataclass(frozen=True)
class Run:
    """A recorded run.

    Attributes:
        id: its number; numbers count up.
        recipe: the name of the recipe.
        command: the command that was typed.
        state: ``running``, ``complete``, ``failed`` or ``interrupted``.
        started: date and time of the start.
        ended: date and time of the end; None for a run that runs or was killed.
        seconds: the seconds from start to end.
        directory: the directory of its results, if it came that far.
        pushed: the version that was pushed, or found unchanged.
        blessed: the verdict of the evaluator.
        summary: its numbers in one line.
        numbers: name -> value.
        error: the error that ended it.
    """

    id: int
    recipe: str
    command: str
    state: str
    started: str
    ended: str | None
    seconds: float | None
    directory: str | None
    pushed: str | None
    blessed: bool | None
    summary: str | None
    numbers: dict[str, float | None]
    error: str | None


def runs(metadata: Metadata) -> list[Run]:
    """Returns all runs, the latest first."""
    return _runs(metadata, None)


def run(metadata: Metadata, number: int) -> Run:
    """Returns one run.

    Raises:
        UserError: there is no run with this number.
    """
    found = _runs(metadata, number)
    if not found:
        raise UserError(f"{metadata.file}: there is no run {number}; `genssl runs` lists them")
    return found[0]


def _runs(metadata: Metadata, number: int | None) -> list[Run]:
    found = []
    with metadata.read() as connection:
        query = "SELECT * FROM runs WHERE id = ? OR ? IS NULL ORDER BY id DESC"
        for row in connection.execute(query, (number, number)).fetchall():
            values = dict(row)
            if values["state"] == "running" and metadata.is_dead(connection, values["id"]):
                values["state"] = "interrupted"
            for name in ("directory", "pushed"):
                values[name] = values[name] and metadata.full(values[name])
            values["blessed"] = None if values["blessed"] is None else bool(values["blessed"])
            values["numbers"] = json.loads(values["numbers"] or "{}")
            found.append(Run(**values))
    return found
