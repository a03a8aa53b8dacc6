"""Directories of prepared data: named by what they were made from, resumed, verified, published whole."""

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
        digest: of the execution that made it: inputs, parameters, code and versions.
        reused: it was there already, and nothing was executed.
        manifest: what `manifest.json` says.
    """

    path: Path
    digest: str
    reused: bool
    manifest: dict[str, Any]

    @property
    def content(self) -> str:
        """The digest of the content: what stands on this artifact is made again only when this changes."""
        return self.manifest["content"]

    @property
    def inputs(self) -> dict[str, Any]:
        """The digests of what it was made from."""
        return self.manifest["inputs"]

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was made with."""
        return self.manifest["parameters"]

    @property
    def code(self) -> str:
        """The digest of the code that made it."""
        return self.manifest["code"]

    @property
    def dead_letters(self) -> list[dict[str, Any]]:
        """The inputs that became no record: `key`, `path`, `stage`, `error` and `message` of each."""
        file = self.path / self.manifest["dead_letters"]["file"]
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def publish(
    output_dir: str | os.PathLike[str],
    execution: dict[str, Any],
    build: Callable[[Path], dict[str, Any]],
) -> Artifact:
    """Return the artifact of an execution, made now if it is not there.

    It is made in `<output_dir>/<digest>.building` and published by one rename, after its manifest was
    written. A killed build is resumed by the next one of the same execution and removed by any other. Of two
    runs at once the second waits for the first and reuses what it made. Inside `store.without_cache` it is made
    from the start though it is there, and replaced when that succeeds.

    Args:
        output_dir: the parent of the artifact.
        execution: JSON value of everything that the content depends on; its digest names the directory.
        build: fills a directory, which may hold what a killed build left, and returns the manifest. The files
            that it names in `"files"` (name -> size) are published; all others are removed.

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
    """Read the shards of an artifact before work on them.

    Raises:
        UserError: if one is missing or is not what its manifest says.
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
    manifest = _read(building)  # killed between its manifest and its rename
    if manifest is None:
        building.mkdir(exist_ok=True)
        try:
            manifest = build(building)
        except UnfinishedError:
            raise
        except UserError:  # the next build would come to the same end
            shutil.rmtree(building, ignore_errors=True)  # a worker that goes on may write into it
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
    """The manifest of a directory whose files are all there in full length; None where it, or one of them, is not."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        files, _ = manifest["files"], manifest["content"]
        sizes = {name: (directory / name).stat().st_size for name in files}
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # all but the first: it is damaged
        return None
    return manifest if sizes == files else None


def _remove_debris(output_dir: Path, final: Path, again: bool) -> None:
    """What killed builds of other executions left, or of all, and a published directory that lost files."""
    keep = final.name + _BUILDING
    for path in output_dir.glob(f"*{_BUILDING}"):
        if again or path.name != keep:
            shutil.rmtree(path)
    if final.exists() and not again:
        _log.warning("%s is damaged and is made again", final)
        shutil.rmtree(final)
