"""Output directories that are made once, published as a whole, and found again by their digest."""

import contextlib
import contextvars
import dataclasses
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import UserError
from pipelines.plain_text import encodable

_again: contextvars.ContextVar[set[Path] | None] = contextvars.ContextVar("again", default=None)


@dataclasses.dataclass(frozen=True)
class Output:
    """The output of a component.

    Attributes:
        path: its directory.
        digest: the digest of everything that it was made from: inputs, parameters, code and versions.
        reused: whether it was there already.
        seconds: the time that it took to make, in this run or in the run that made it.
        result: what the component returned.
        content: the digest of its files, or the digest of its content that the component returned.
        inputs: everything that it was made from.
    """

    path: Path
    digest: str
    reused: bool
    seconds: float
    result: dict[str, Any]
    content: str
    inputs: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """Returns the inputs without code and versions."""
        return {name: value for name, value in self.inputs.items() if name not in ("code", "versions")}

    @property
    def code(self) -> str:
        """Returns the digest of the code that made it."""
        return self.inputs["code"]


def digest(value: Any) -> str:
    """Returns the SHA-256, in hex, of a JSON value; the order of keys does not matter.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def without_cache() -> Iterator[None]:
    """Makes everything inside the block again, once, even if it is there."""
    token = _again.set(set())
    try:
        yield
    finally:
        _again.reset(token)


def is_caching() -> bool:
    """Returns whether existing results are reused; they are not inside `without_cache`."""
    return _again.get() is None


def is_due(path: Path) -> bool:
    """Returns whether an existing result must be made again: True for the first question inside `without_cache`."""
    made = _again.get()
    if made is None or path in made:
        return False
    made.add(path)
    return True


def make(path: Path, inputs: dict[str, Any], build: Callable[[Path], dict[str, Any]]) -> Output:
    """Returns the directory at ``path``, which is built only if its inputs differ from the given ones.

    Inside `without_cache` it is built even if it is there, and replaces the old one when that succeeds. The
    caller holds the lock of the parent directory (`exclusive`). A killed build leaves only
    ``<path>.part``, which the next build removes.

    Args:
        path: where the directory is published, by one rename.
        inputs: a JSON value of everything that the content depends on.
        build: fills the empty directory that it is given and returns a JSON result. If the result has the key `sha256`,
            this is the digest of the content: HDF5 files of equal weights differ in the names of layers.
    """
    key = digest(inputs)
    due = is_due(path)
    part = path.with_name(f"{path.name}.part")
    old = _old(part)
    if old.exists() and not path.exists():  # killed between the two renames of `put`
        os.rename(old, path)
    found = read(path)
    shutil.rmtree(part, ignore_errors=True)
    if found is not None and found.digest == key and not due:
        return found
    started = time.perf_counter()
    part.mkdir(parents=True)
    try:
        result = build(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    seconds = round(time.perf_counter() - started, 3)
    manifest = {
        "digest": key,
        "content": result.get("sha256") or _content(part),
        "inputs": inputs,
        "seconds": seconds,
        "result": result,
    }
    write_json(part / "manifest.json", manifest)
    put(part, path)
    return dataclasses.replace(_output(path, manifest), reused=False)


def read(path: Path) -> Output | None:
    """Returns the published directory; None if there is none, or its manifest is damaged or from an older version."""
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        return _output(path, manifest)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def put(part: Path, path: Path) -> None:
    """Publishes a directory by a rename. What was there before is removed only then."""
    old = _old(part)
    shutil.rmtree(old, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, old)
    os.rename(part, path)
    shutil.rmtree(old, ignore_errors=True)


def _output(path: Path, manifest: dict[str, Any]) -> Output:
    seconds, result = manifest["seconds"], manifest["result"]
    return Output(path, manifest["digest"], True, seconds, result, manifest["content"], manifest["inputs"])


def _content(directory: Path) -> str:
    """Returns the digest of the names and the bytes of all files."""
    files = {}
    for path in directory.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                files[path.relative_to(directory).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return digest(files)


def _old(part: Path) -> Path:
    return part.with_name(f"old.{part.name}")


def write_json(path: Path, value: Any) -> None:
    """Writes a JSON value with `write_text`."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes a file so that readers see the old file or the new one, never a part."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")  # two processes may write at once
    try:
        with open(part, "w", encoding="utf-8", errors="backslashreplace") as file:  # names may be in other bytes
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def check_writable(directory: Path, option: str) -> None:
    """Makes a directory if it is missing, and checks that files can be written in it.

    Args:
        directory: the directory for files.
        option: the option with which the user named it.

    Raises:
        UserError: it is not a directory, no file can be written in it, or its name is not UTF-8.
    """
    check_encodable(directory, option)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{option} {directory}: must be a directory, and a file is in its place") from None
    except OSError as error:
        raise UserError(f"{option} {directory}: cannot be written to: {error.strerror}") from None


def check_encodable(path: Path, option: str) -> None:
    """Refuses a path that TensorFlow and the metadata store cannot take.

    Args:
        path: the path of a file or a directory.
        option: the option with which the user named it.

    Raises:
        UserError: the name is not UTF-8.
    """
    if encodable(str(path)) != str(path):
        raise UserError(f"{option} {path}: must be a path in UTF-8, and the locale one of UTF-8 (LC_ALL=C.UTF-8)")


def sweep(run: Path) -> None:
    """Removes what killed runs next to a run left unfinished, if no process works on it now.

    Saved states of trainings (``*.resume``) stay, because their recipe may be run again.
    """
    for directory in run.parent.glob("*/"):
        debris = [path for path in directory.glob("*.part") if directory != run]
        if debris:
            with contextlib.suppress(UserError), exclusive(directory):
                for path in debris:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextlib.contextmanager
def exclusive(directory: Path, wait: bool = False) -> Iterator[None]:
    """Locks a directory against other processes, and makes it if it is missing. A killed process releases the lock.

    Args:
        directory: the directory. The lock is on the directory itself, so no lock file is left in it.
        wait: whether to wait for the other process instead of raising.

    Raises:
        UserError: another process holds the lock.
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
