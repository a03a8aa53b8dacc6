"""Vectors of embeddings, read shard by shard. Only one batch is in memory."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from pipelines.beam import records
from pipelines.beam.shards import open_file
from pipelines.components.bulk_inferrer import chosen
from pipelines.errors import UserError
from pipelines.runtime.artifact import Artifact


@dataclasses.dataclass(frozen=True)
class Vector:
    """The vector of one image, in float64, so that sums of many do not depend on their order."""

    key: str
    name: str
    split: str
    label: int | None
    values: np.ndarray


def read(embeddings: Artifact, splits: Sequence[str] | None = None, unit: bool = False) -> Iterator[Vector]:
    """Yields the vectors of embeddings, in the order of the files.

    Args:
        embeddings: the artifact of `bulk_inferrer`.
        splits: its splits; all by default.
        unit: whether to divide each vector by its length (a vector of zeros stays).

    Raises:
        UserError: the length of a vector differs from the manifest's.
    """
    dim = embeddings.manifest["vectors"]["vector"]
    for split, part in chosen(embeddings, splits).items():
        for shard in part["shards"]:
            with open_file(str(embeddings.path / shard["file"])) as file:
                for record in map(records.parse, records.read(file)):
                    if len(record["vector"]) != 4 * dim:
                        raise UserError(
                            f"{embeddings.path / shard['file']}: all vectors must be of {dim} numbers, as the manifest "
                            f"says. Received: {len(record['vector']) / 4:g} numbers of {record['name'].decode()}"
                        )
                    values = np.frombuffer(record["vector"], "<f4").astype(np.float64)
                    if unit:
                        values /= np.linalg.norm(values) or 1.0
                    label = int(record["label"]) if "label" in record else None
                    yield Vector(record["key"].decode(), record["name"].decode(), split, label, values)


def batches(vectors: Iterator[Vector], size: int) -> Iterator[list[Vector]]:
    """Yields lists of `size` vectors; the last list holds the rest."""
    batch = []
    for vector in vectors:
        batch.append(vector)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
