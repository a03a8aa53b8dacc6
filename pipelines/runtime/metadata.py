"""The metadata store: which run executed what, from which artifacts, with which code and parameters.

It is the file `<output>/metadata.sqlite` and only records. The manifests in the directories decide what is published
and what is reused. If the store is lost, the next run fills it again with what it finds.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import UserError

FILE = "metadata.sqlite"
VERSION = 1
_APPLICATION = int.from_bytes(b"gssl", "big")
_WAIT = 60.0  # seconds to wait for another process' transaction, which takes milliseconds

_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, recipe TEXT NOT NULL, command TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'failed', 'interrupted')),
    started TEXT NOT NULL, ended TEXT, seconds REAL, directory TEXT, pushed TEXT, blessed INTEGER, summary TEXT,
    numbers TEXT, error TEXT);
CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs, component TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'failed', 'interrupted', 'cached')),
    started TEXT NOT NULL, ended TEXT, seconds REAL, parameters TEXT, code TEXT, versions TEXT, summary TEXT,
    error TEXT);
CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, path TEXT NOT NULL, content TEXT NOT NULL,
    UNIQUE (type, path, content));
CREATE TABLE events (
    execution INTEGER NOT NULL REFERENCES executions, artifact INTEGER NOT NULL REFERENCES artifacts,
    direction TEXT NOT NULL CHECK (direction IN ('read', 'wrote')), name TEXT NOT NULL,
    PRIMARY KEY (execution, direction, name));
CREATE INDEX events_of_artifacts ON events (artifact, direction);
CREATE INDEX artifacts_by_content ON artifacts (content);
"""


class Metadata:
    """The store of one output directory.

    Args:
        output: the directory.

    Raises:
        UserError: the file is damaged, or another version wrote it; the file is not changed.
    """

    def __init__(self, output: Path):
        self.output = output.resolve()
        self.file = self.output / FILE
        if self.file.exists():
            with self._connected() as connection:
                self._check(connection)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Opens a connection for reading.

        Raises:
            UserError: there is no store, or it is damaged.
        """
        if not self.file.exists():
            raise UserError(f"{self.file}: there is no such file: no `genssl run` wrote to this --output yet")
        with self._connected() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Opens a transaction, which is written as a whole or not at all; makes the file if it is missing."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not connection.execute("PRAGMA user_version").fetchone()[0] and not _tables(connection):
                    for statement in _TABLES.split(";\n"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                    connection.execute(f"PRAGMA user_version = {VERSION}")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def is_running(self, number: int) -> bool:
        """Returns whether the process of a run is alive, which means that it holds the run's mark."""
        try:
            handle = os.open(self.mark(number), os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def is_dead(self, connection: sqlite3.Connection, number: int) -> bool:
        """Returns whether a run is recorded as running although its process is gone."""
        if self.is_running(number):
            return False
        row = connection.execute("SELECT state FROM runs WHERE id = ?", (number,)).fetchone()
        return row["state"] == "running"  # checked last: a process records its end before it releases the mark

    def short(self, path: Path | str) -> str:
        """Returns a path as it is recorded: relative below the output, so that it stays right when the output moves."""
        text = str(path)
        return text.removeprefix(f"{self.output}/") if text.startswith(f"{self.output}/") else text

    def full(self, path: str) -> str:
        """Returns the full path of a path from `short`."""
        return str(self.output / path)

    def mark(self, number: int) -> Path:
        """Returns the file that the process of a run holds while it runs."""
        return self.output / "runs" / f".running-{number}"

    def recover(self, connection: sqlite3.Connection) -> None:
        """Marks runs whose process died as interrupted."""
        for (number,) in connection.execute("SELECT id FROM runs WHERE state = 'running'").fetchall():
            if not self.is_running(number):
                connection.execute("UPDATE runs SET state = 'interrupted' WHERE id = ?", (number,))
                connection.execute(
                    "UPDATE executions SET state = 'interrupted' WHERE run = ? AND state = 'running'", (number,)
                )
                self.mark(number).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self.file, timeout=_WAIT, isolation_level=None)
            try:
                connection.row_factory = sqlite3.Row
                yield connection
            finally:
                connection.close()
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise
        except sqlite3.Error as error:
            damaged = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
            hint = (
                "; move it away: results stay, and runs record anew" if damaged else " (a full disk, or no permission)"
            )
            raise UserError(f"{self.file}: {error}{hint}") from error

    def _check(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")  # one state for all that is read, since another process may be making the tables
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if (application, version) == (0, 0) and not _tables(connection):
            return  # empty, because its first transaction was cut short
        if application != _APPLICATION:
            raise UserError(f"{self.file}: is no metadata of genssl; move it away, or give another --output")
        if version != VERSION:
            raise UserError(
                f"{self.file}: its format is {version}, and this version of genssl knows {VERSION}: use the version "
                "that wrote it, or move the file away: results stay, and runs record anew"
            )
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise UserError(f"{self.file}: is damaged ({found}); move it away: results stay, and runs record anew")


def _tables(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
