"""What made an artifact, read from the metadata store: the executions before it, back to the images."""

import dataclasses
import json
import sqlite3
from pathlib import Path
from typing import Any

from pipelines.errors import UserError
from pipelines.runtime.component import Kind
from pipelines.runtime.metadata import FILE, Metadata


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A recorded artifact. ``path`` is absolute, or a name if the artifact is not a file."""

    id: int
    type: str
    path: str
    content: str


@dataclasses.dataclass(frozen=True)
class Execution:
    """A recorded execution. ``reads`` maps names to ids of artifacts; ``wrote`` is the id of an artifact."""

    id: int
    run: int
    component: str
    state: str
    started: str
    seconds: float | None
    parameters: dict[str, Any]
    code: str | None
    versions: dict[str, str]
    summary: str | None
    error: str | None
    reads: dict[str, int]
    wrote: int | None


@dataclasses.dataclass(frozen=True)
class Graph:
    """Artifacts and executions.

    Attributes:
        target: the requested artifact; None for a whole run.
        artifacts: the artifacts by id.
        executions: the executions by id, in the order of execution.
    """

    target: int | None
    artifacts: dict[int, Artifact]
    executions: dict[int, Execution]

    def maker(self, artifact: int) -> Execution | None:
        """Returns the execution that made an artifact."""
        return next((it for it in reversed(self.executions.values()) if it.wrote == artifact), None)

    def ends(self) -> list[int]:
        """Returns the artifacts that no execution of the graph read."""
        read = {number for it in self.executions.values() for number in it.reads.values()}
        return [it.wrote for it in self.executions.values() if it.wrote is not None and it.wrote not in read]

    def json(self) -> dict[str, Any]:
        """Returns the graph as a JSON value."""
        return {
            "target": self.target,
            "artifacts": [dataclasses.asdict(it) for it in self.artifacts.values()],
            "executions": [dataclasses.asdict(it) for it in self.executions.values()],
        }


def of_run(metadata: Metadata, number: int) -> Graph:
    """Returns what a run executed or reused.

    Raises:
        UserError: there is no such run.
    """
    with metadata.read() as connection:
        if not connection.execute("SELECT 1 FROM runs WHERE id = ?", (number,)).fetchone():
            raise UserError(f"{metadata.file}: there is no run {number}; `genssl runs` lists them")
        rows = connection.execute("SELECT id FROM executions WHERE run = ? ORDER BY id", (number,)).fetchall()
        return _graph(metadata, connection, None, [row["id"] for row in rows], {})


def of_path(metadata: Metadata, path: Path) -> Graph:
    """Returns what made an artifact and everything before it, also in earlier runs.

    Artifacts are identified by the digest in their card or manifest, so a copy in another place works too. The same
    holds
    for what a run read from outside: if a run of this store made the same content, that run is shown in its place.

    Args:
        metadata: the store.
        path: a pushed version, a directory that a component published or one below it, or the directory of a run.

    Raises:
        UserError: there is no such artifact, or no run recorded it.
    """
    path = path.expanduser().resolve()
    if not path.exists():
        raise UserError(f"{path}: there is no such file or directory")
    with metadata.read() as connection:
        run = connection.execute(
            "SELECT id FROM runs WHERE directory = ? ORDER BY id DESC", (metadata.short(path),)
        ).fetchone()
        if run is None or (path / "manifest.json").is_file():  # a batch job's run has its artifact's directory
            content = _content(path)
            found = connection.execute(
                "SELECT id FROM artifacts WHERE content = ? "
                "AND id IN (SELECT artifact FROM events WHERE direction = 'wrote') ORDER BY path = ? DESC, id DESC",
                (content, metadata.short(path)),
            ).fetchone()
            if found is None:
                raise UserError(f"{path}: no run recorded in {metadata.file} made it; name its output with --output")
            return _graph(metadata, connection, found["id"], *_before(connection, found["id"]))
    return of_run(metadata, run["id"])


def home(path: Path) -> Path | None:
    """Returns the directory at or above a path that contains a metadata store."""
    path = path.expanduser().resolve()
    return next((above for above in (path, *path.parents) if (above / FILE).is_file()), None)


def _content(path: Path) -> str:
    """Returns the digest in the card or the manifest at or above a path."""
    for above in (path, *path.parents):
        for file, key in (("assets.extra/card.json", "digest"), ("manifest.json", "content")):
            try:
                value = json.loads((above / file).read_text(encoding="utf-8"))[key]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            return str(value)
    raise UserError(
        f"{path}: must be a pushed model (with its card), a directory that a component published (with its manifest), "
        "or the directory of a run"
    )


def _before(connection: sqlite3.Connection, artifact: int) -> tuple[list[int], dict[tuple[int, int], int]]:
    """Finds the executions that an artifact depends on; for each artifact the last one that made it for its reader.

    Returns:
        The executions, and (execution, artifact that it read) -> the artifact of equal content that another execution
        made.
    """
    found: set[int] = set()
    same: dict[tuple[int, int], int] = {}
    waiting = [(artifact, 2**62)]
    while waiting:
        number, reader = waiting.pop()
        maker = connection.execute(
            "SELECT e.id, v.artifact FROM events v JOIN executions e ON e.id = v.execution "
            "JOIN artifacts a ON a.id = v.artifact JOIN artifacts b ON b.content = a.content "
            "WHERE b.id = ? AND v.direction = 'wrote' AND e.id < ? "
            "ORDER BY a.id = b.id DESC, e.state = 'complete' DESC, e.id DESC",
            (number, reader),
        ).fetchone()
        if maker is None:
            continue
        if maker["artifact"] != number:
            same[reader, number] = maker["artifact"]
        if maker["id"] not in found:
            found.add(maker["id"])
            rows = connection.execute(
                "SELECT artifact FROM events WHERE execution = ? AND direction = 'read'", (maker["id"],)
            )
            waiting += [(row["artifact"], maker["id"]) for row in rows]
    return sorted(found), same


def _graph(
    metadata: Metadata,
    connection: sqlite3.Connection,
    target: int | None,
    numbers: list[int],
    same: dict[tuple[int, int], int],
) -> Graph:
    executions: dict[int, Execution] = {}
    artifacts: dict[int, Artifact] = {}
    for number in numbers:
        row = connection.execute("SELECT * FROM executions WHERE id = ?", (number,)).fetchone()
        reads: dict[str, int] = {}
        wrote: int | None = None
        events = connection.execute(
            "SELECT v.direction, v.name, a.* FROM events v JOIN artifacts a ON a.id = v.artifact "
            "WHERE v.execution = ? ORDER BY v.rowid",
            (number,),
        )
        for event in events:
            if event["direction"] == "read" and (number, event["id"]) in same:
                reads[event["name"]] = same[number, event["id"]]
                continue
            path = event["path"] if event["type"] == Kind.IMAGES else metadata.full(event["path"])
            artifacts[event["id"]] = Artifact(event["id"], event["type"], path, event["content"])
            if event["direction"] == "read":
                reads[event["name"]] = event["id"]
            else:
                wrote = event["id"]
        values = {name: row[name] for name in row.keys() if name not in ("ended", "parameters", "versions")}  # noqa: SIM118
        if values["state"] == "running" and metadata.is_dead(connection, row["run"]):
            values["state"] = "interrupted"
        parameters, versions = (json.loads(row[name] or "{}") for name in ("parameters", "versions"))
        executions[number] = Execution(**values, parameters=parameters, versions=versions, reads=reads, wrote=wrote)
    return Graph(target, dict(sorted(artifacts.items())), executions)
