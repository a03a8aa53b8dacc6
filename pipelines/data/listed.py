"""Lists by name the images at the start of a run's graph."""

import json
from collections.abc import Iterator
from pathlib import Path

from pipelines.beam import records
from pipelines.errors import UserError
from pipelines.runtime.component import Kind
from pipelines.runtime.lineage import Graph


def images(graph: Graph) -> Iterator[dict[str, str]]:
    """Yields every image of the examples in a graph: ``split``, ``key`` (of its content) and ``name``.

    Raises:
        UserError: the examples are no longer there, or are damaged.
    """
    for artifact in graph.artifacts.values():
        if artifact.type == Kind.EXAMPLES:
            directory = Path(artifact.path)
            try:
                manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
                for split, part in manifest["splits"].items():
                    for shard in part["shards"]:
                        with open(directory / shard["file"], "rb") as file:
                            for record in map(records.parse, records.read(file)):
                                yield {"split": split, "key": record["key"].decode(), "name": record["name"].decode()}
            except FileNotFoundError as error:
                raise UserError(f"{error.filename}: is gone, so that its images cannot be listed") from None
            except (ValueError, KeyError, TypeError) as error:
                raise UserError(f"{directory}: is damaged, so that its images cannot be listed: {error!r}") from error
