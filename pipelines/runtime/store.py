"""Output directories that are made once, published whole, and found again by their digest."""

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import UserError


@dataclasses.dataclass(frozen=True)
class Output:
    """What a component made.

    Attributes:
        path: its directory.
        digest: of everything that it was made from: inputs, parameters, code and versions.
        reused: it was there already.
        seconds: that making it took, in this run or in the one that made it.
        result: what the component says of it.
    """

    path: Path
    digest: str
    reused: bool
    seconds: float
    result: dict[str, Any]


def digest(value: Any) -> str:
    """The SHA-256, in hex, of a JSON value; independent of the order of keys.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def make(path: Path, inputs: dict[str, Any], build: Callable[[Path], dict[str, Any]]) -> Output:
    """Returns the directory at ``path``, built only when its inputs are not those asked for.

    The caller holds the lock of the parent directory (`exclusive`). A build that is killed
    leaves ``<path>.part`` and nothing else; the next build removes it.

    Args:
        path: where the directory is published, by one rename.
        inputs: JSON value of everything that the content depends on.
        build: fills the empty directory that it is given and returns a JSON result.
    """
    key = digest(inputs)
    found = read(path)
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    if found is not None and found.digest == key:
        return found
    started = time.perf_counter()
    part.mkdir(parents=True)
    try:
        result = build(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    seconds = round(time.perf_counter() - started, 3)
    write_json(part / "manifest.json", {"digest": key, "inputs": inputs, "seconds": seconds, "result": result})
    shutil.rmtree(path, ignore_errors=True)
    os.replace(part, path)
    return Output(path, key, False, seconds, result)


def read(path: Path) -> Output | None:
    """The published directory, or None where there is none."""
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Output(path, manifest["digest"], True, manifest["seconds"], manifest["result"])


def write_json(path: Path, value: Any) -> None:
    """`write_text` of a JSON value."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes a file so that a reader sees the old one or the new one, never half of one."""
    part = path.with_name(f".{path.name}.part")
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def check_writable(directory: Path, option: str) -> None:
    """Makes a directory where it is missing.

    Args:
        directory: where files are to be written.
        option: what the user named it by.

    Raises:
        UserError: it is no directory, or no file can be written in it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{option} {directory}: must be a directory, and a file is in its place") from None
    except OSError as error:
        raise UserError(f"{option} {directory}: cannot be written to: {error.strerror}") from None


def sweep(run: Path) -> None:
    """Removes what killed runs beside a run left half made, where no process works on it now.

    States to continue from (``*.resume``) stay: their recipe may come back.
    """
    for directory in run.parent.glob("*/"):
        debris = [path for path in directory.glob("*.part") if directory != run]
        if debris:
            with contextlib.suppress(UserError), exclusive(directory):
                for path in debris:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextlib.contextmanager
def exclusive(directory: Path, wait: bool = False) -> Iterator[None]:
    """Holds a directory, made where missing, against other processes; a killed one lets go.

    Args:
        directory: the directory itself is locked, so that no lock file is left in it.
        wait: wait for the other process instead of raising.

    Raises:
        UserError: another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise UserError(f"{directory}: another genssl run is working here; wait for it or stop it") from None
        yield
    finally:
        os.close(handle)
