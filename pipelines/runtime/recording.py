"""Records a run in the metadata store while it runs."""

import contextlib
import datetime
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import UserError
from pipelines.plain_text import encodable
from pipelines.runtime import store
from pipelines.runtime.component import Component, Made, Source
from pipelines.runtime.metadata import Metadata


@contextlib.contextmanager
def begin(metadata: Metadata, recipe: str, command: str) -> Iterator["Recording"]:
    """Records a run until the end of the block. An exception that ends the block early is recorded as its error.

    Args:
        metadata: the store.
        recipe: the name of the recipe.
        command: the command that was typed.
    """
    with contextlib.ExitStack() as held:
        with metadata.write() as connection:
            metadata.recover(connection)
            row = connection.execute(
                "INSERT INTO runs (recipe, command, state, started) VALUES (?, ?, 'running', ?)",
                (recipe, encodable(command), now()),
            )
            assert row.lastrowid is not None
            held.enter_context(_marked(metadata.mark(row.lastrowid)))  # before the row can be seen
        recording = Recording(metadata, row.lastrowid, command)
        try:
            yield recording
        except BaseException as error:
            recording.end_early(error)
            raise


@contextlib.contextmanager
def _marked(mark: Path) -> Iterator[None]:
    """Holds the file that shows that a run is alive, and removes it at the end. A killed process releases it."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(mark, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(mark)):
                break
        os.close(handle)  # a run of this number, whose row could not be written, removed it meanwhile
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)
        os.close(handle)


class Recording:
    """One run while it runs; made by `begin`.

    Attributes:
        metadata: the store.
        number: the number of the run.
        command: the command that was typed.
    """

    def __init__(self, metadata: Metadata, number: int, command: str):
        self.metadata, self.number, self.command = metadata, number, command
        self._started = time.monotonic()

    @contextlib.contextmanager
    def execution(self, component: str) -> Iterator["Execution"]:
        """Records one execution until the end of the block."""
        with self.metadata.write() as connection:
            row = connection.execute(
                "INSERT INTO executions (run, component, state, started) VALUES (?, ?, 'running', ?)",
                (self.number, component, now()),
            )
            assert row.lastrowid is not None
        execution = Execution(self.metadata, row.lastrowid)
        try:
            yield execution
        except BaseException as error:
            execution.fail(error)
            raise

    def complete(
        self,
        directory: Path,
        pushed: Path | None,
        blessed: bool | None,
        summary: str,
        numbers: Mapping[str, float | None],
    ) -> None:
        """Records the end of a run.

        Args:
            directory: the directory of the run.
            pushed: the version that was pushed or found.
            blessed: the verdict of the evaluator; None if nothing is judged.
            summary: its numbers in one line.
            numbers: name -> value.
        """
        facts = {
            "directory": self.metadata.short(directory),
            "pushed": pushed and self.metadata.short(pushed),
            "blessed": blessed,
            "summary": summary,
            "numbers": json.dumps(dict(numbers)),
        }
        self._end("complete", facts)

    def end_early(self, error: BaseException) -> None:
        """Records that an error ended the run. If the disk is full and this fails, the run counts as interrupted."""
        with contextlib.suppress(UserError, OSError):
            self._end(_state(error), {"error": _told(error)})

    def _end(self, state: str, facts: Mapping[str, Any]) -> None:
        values = {"state": state, "ended": now(), "seconds": round(time.monotonic() - self._started, 3), **facts}
        assignments = ", ".join(f"{name} = ?" for name in values)
        with self.metadata.write() as connection:
            connection.execute(
                f"UPDATE runs SET {assignments} WHERE id = ? AND state = 'running'", (*values.values(), self.number)
            )


class Execution:
    """One execution of a component while it runs; made by `Recording.execution`."""

    def __init__(self, metadata: Metadata, number: int):
        self._metadata, self._number = metadata, number
        self._started = time.monotonic()

    def succeed(
        self,
        spec: Component,
        reads: Mapping[str, tuple[str, Made | Source]],
        made: Made,
        versions: Mapping[str, str],
        summary: str,
    ) -> None:
        """Records what an execution read and wrote.

        Args:
            spec: the declaration of the component.
            reads: name -> type and artifact.
            made: the result that was made or found.
            versions: package -> version.
            summary: one line about the result.
        """
        with self._metadata.write() as connection:
            connection.execute(
                "UPDATE executions SET state = ?, ended = ?, seconds = ?, parameters = ?, code = ?, versions = ?, "
                "summary = ? WHERE id = ?",
                (
                    "cached" if made.reused else "complete",
                    now(),
                    round(time.monotonic() - self._started, 3),
                    json.dumps({name: value for name, value in made.parameters.items() if name not in spec.reads}),
                    made.code,
                    json.dumps(dict(versions)),
                    summary,
                    self._number,
                ),
            )
            for name, (kind, artifact) in reads.items():
                content = store.digest(made.inputs) if artifact.content is None else artifact.content
                self._event(connection, "read", name, kind, artifact.path, content)
            self._event(connection, "wrote", "output", spec.makes, made.path, made.content)

    def fail(self, error: BaseException) -> None:
        """Records that the execution raised; a full disk does not raise here."""
        with contextlib.suppress(UserError, OSError), self._metadata.write() as connection:
            connection.execute(
                "UPDATE executions SET state = ?, ended = ?, seconds = ?, error = ? WHERE id = ?",
                (_state(error), now(), round(time.monotonic() - self._started, 3), _told(error), self._number),
            )

    def _event(
        self, connection: sqlite3.Connection, direction: str, name: str, kind: str, path: Path | str, content: str
    ) -> None:
        key = (str(kind), self._metadata.short(path), content)
        connection.execute("INSERT OR IGNORE INTO artifacts (type, path, content) VALUES (?, ?, ?)", key)
        connection.execute(
            "INSERT INTO events (execution, artifact, direction, name) "
            "SELECT ?, id, ?, ? FROM artifacts WHERE type = ? AND path = ? AND content = ?",
            (self._number, direction, name, *key),
        )


def now() -> str:
    """Returns the local time in ISO 8601 with its zone, to the second."""
    return datetime.datetime.now().astimezone().isoformat(" ", "seconds")


def _state(error: BaseException) -> str:
    return "failed" if isinstance(error, Exception) else "interrupted"


def _told(error: BaseException) -> str:
    return encodable(str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}")
