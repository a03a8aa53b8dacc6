"""Directories of prepared data: named by what they were made from, resumable, verified, published as a whole."""

import dataclasses
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.errors import UnfinishedError, UserError
from pipelines.runtime import store

MANIFEST = "manifest.json"
_BUILDING = ".building"

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A published directory.

    Attributes:
        path: the directory, `<output_dir>/<digest>`.
        digest: the digest of the execution that made it: inputs, parameters, code and versions.
        reused: whether it was there already, so that nothing was executed.
        manifest: the content of `manifest.json`.
    """

    path: Path
    digest: str
    reused: bool
    manifest: dict[str, Any]

    @property
    def content(self) -> str:
        """Returns the digest of the content. What depends on the artifact is made again only if it changes."""
        return self.manifest["content"]

    @property
    def inputs(self) -> dict[str, Any]:
        """Returns the digests of what the artifact was made from."""
        return self.manifest["inputs"]

    @property
    def parameters(self) -> dict[str, Any]:
        """Returns the parameters that it was made with."""
        return self.manifest["parameters"]

    @property
    def code(self) -> str:
        """Returns the digest of the code that made it."""
        return self.manifest["code"]

    @property
    def dead_letters(self) -> list[dict[str, Any]]:
        """Returns the inputs that gave no record: `key`, `path`, `stage`, `error` and `message` of each."""
        file = self.path / self.manifest["dead_letters"]["file"]
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def publish(
    output_dir: str | os.PathLike[str],
    execution: dict[str, Any],
    build: Callable[[Path], dict[str, Any]],
) -> Artifact:
    """Returns the artifact of an execution, and makes it if it is not there.

    It is made in `<output_dir>/<digest>.building` and published by one rename, after its manifest was
    written. A killed build is resumed by the next build of the same execution and removed by any other. If two
    runs build at once, the second waits for the first and reuses its result. Inside `store.without_cache` it is made
    from the start even if it is there, and replaces the old one when that succeeds.

    Args:
        output_dir: the parent directory of the artifact.
        execution: a JSON value of everything that the content depends on; its digest names the directory.
        build: fills a directory, which may contain what a killed build left, and returns the manifest. The files
            that the manifest names in `"files"` (name -> size) are published; all others are removed.

    Raises:
        Whatever `build` raises; then nothing is published.
    """
    output_dir = Path(output_dir)
    digest = store.digest(execution)[:20]
    final = output_dir / digest
    due = store.is_due(final)
    found = None if due else _read(final)
    if found is None:
        with store.exclusive(output_dir, wait=True):
            found = None if due else _read(final)
            if found is None:
                _remove_debris(output_dir, final, due)
                return Artifact(final, digest, False, _make(final, build))
    return Artifact(final, digest, True, found)


def verify(artifact: Artifact) -> None:
    """Checks the shards of an artifact before work on them starts.

    Raises:
        UserError: a shard is missing or does not match the manifest.
    """
    for split in artifact.manifest["splits"].values():
        for shard in split["shards"]:
            path = artifact.path / shard["file"]
            try:
                with open(path, "rb") as file:
                    sound = hashlib.file_digest(file, "sha256").hexdigest() == shard["sha256"]
            except OSError as error:
                raise UserError(f"{path}: the shard cannot be read: {error.strerror}") from error
            if not sound:
                raise UserError(
                    f"{path}: the shard is damaged: it is not what its manifest says. Remove the directory "
                    f"{artifact.path}, and the next run makes it again"
                )


def _make(final: Path, build: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    building = final.with_name(final.name + _BUILDING)
    manifest = _read(building)  # not None if killed between its manifest and its rename
    if manifest is None:
        building.mkdir(exist_ok=True)
        try:
            manifest = build(building)
        except UnfinishedError:
            raise
        except UserError:  # the next build would fail in the same way
            shutil.rmtree(building, ignore_errors=True)  # a worker that still runs may write into it
            raise
        for path in building.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in manifest["files"]:
                path.unlink()
        store.write_json(building / MANIFEST, manifest)
    store.put(building, final)
    return json.loads((final / MANIFEST).read_text(encoding="utf-8"))


def _read(directory: Path) -> dict[str, Any] | None:
    """Reads the manifest of a directory; None if the manifest or a file is missing, or a file is incomplete."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        files, _ = manifest["files"], manifest["content"]
        sizes = {name: (directory / name).stat().st_size for name in files}
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # all but the first mean that it is damaged
        return None
    return manifest if sizes == files else None


def _remove_debris(output_dir: Path, final: Path, again: bool) -> None:
    """Removes what killed builds of other executions left (or of all), and a published directory that lost files."""
    keep = final.name + _BUILDING
    for path in output_dir.glob(f"*{_BUILDING}"):
        if again or path.name != keep:
            shutil.rmtree(path)
    if final.exists() and not again:
        _log.warning("%s is damaged and is made again", final)
        shutil.rmtree(final)
