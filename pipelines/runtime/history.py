"""The runs of an output directory, out of the metadata store."""

import dataclasses
import json

from pipelines.errors import UserError
from pipelines.runtime.metadata import Metadata


@dataclasses.dataclass(frozen=True)
class Run:
    """A recorded run.

    Attributes:
        id: counts up.
        recipe: its name.
        command: what was typed.
        state: ``running``, ``complete``, ``failed`` or ``interrupted``.
        started: date and time.
        ended: the same, None of one that runs or was killed.
        seconds: from start to end.
        directory: of its results, where it came so far.
        pushed: the version that was pushed, or found unchanged.
        blessed: what the evaluator said.
        summary: its numbers in a line.
        numbers: name -> value.
        error: what ended it.
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
    """All runs, the last one first."""
    return _runs(metadata, None)


def run(metadata: Metadata, number: int) -> Run:
    """One run.

    Raises:
        UserError: there is none of this number.
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
