"""JoinInputs: the prepared data of several inputs -> one directory that names them all."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.data.written import DEAD_LETTERS
from pipelines.runtime import code, store
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.component import Component, Kind


def spec(names: Mapping[str, Any]) -> Component:
    """Returns the declaration of the component; what it reads depends on the inputs of the recipe."""
    return Component("JoinInputs", dict.fromkeys(names, Kind.PREPARED), Kind.PREPARED)


def join_inputs(prepared: Mapping[str, Artifact], output_dir: str | os.PathLike[str]) -> Artifact:
    """Publishes a directory that names the prepared data of each input; no record is copied.

    A split has as many records as that of the largest input, since the others start over.
    `pipelines.tasks.images.inputs` reads the directory of each input.

    Args:
        prepared: name of an input -> its prepared data.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
    """
    output_dir = Path(output_dir)
    directories = {name: os.path.relpath(one.path, output_dir / "inputs") for name, one in prepared.items()}
    contents = {name: one.content for name, one in prepared.items()}
    execution: dict[str, Any] = {
        "component": "JoinInputs",
        "inputs": contents,
        "parameters": {"directories": directories},
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        (directory / DEAD_LETTERS).write_text("", encoding="utf-8")
        splits: dict[str, dict[str, Any]] = {}
        for one in prepared.values():
            for split, part in one.manifest["splits"].items():
                joined = splits.setdefault(split, {"records": 0, "shards": []})
                joined["records"] = max(joined["records"], part["records"])
                joined["shards"] += part["shards"]
        return {
            "format": 1,
            "features": {
                f"{name}_{feature}": kind
                for name, one in prepared.items()
                for feature, kind in one.manifest["features"].items()
            },
            "content": store.digest(contents),
            "splits": splits,
            "directories": directories,
            "dead_letters": {"records": 0, "file": DEAD_LETTERS},
            "statistics": {name: one.manifest["statistics"] for name, one in prepared.items()},
            **execution,
            "files": {DEAD_LETTERS: 0},
        }

    return publish(output_dir, execution, build)
