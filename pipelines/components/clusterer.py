"""Clusterer: embeddings -> k-means clusters, and a page of pictures to judge them by."""

import csv
import hashlib
import heapq
import importlib.metadata
import itertools
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.beam.shards import hash64
from pipelines.components import vectors
from pipelines.components.bulk_inferrer import chosen
from pipelines.components.cluster_counts import ClusterCounts
from pipelines.errors import UserError
from pipelines.report import contact_sheet
from pipelines.runtime import code, store
from pipelines.runtime.artifact import Artifact, publish, verify
from pipelines.runtime.component import Component, Kind

SPEC = Component("Clusterer", {"embeddings": Kind.EMBEDDINGS}, Kind.CLUSTERS)
ASSIGNMENTS = "assignments.csv"
CENTRES = "centres.npy"
SHEET = "contact_sheet.html"


def clusterer(
    embeddings: Artifact,
    output_dir: str | os.PathLike[str],
    clusters: int,
    *,
    seed: int = 0,
    passes: int = 5,
    batch_size: int = 1024,
    unit: bool = False,
    splits: Sequence[str] | None = None,
    nearest: int = 12,
    examples: Artifact | None = None,
) -> Artifact:
    """Runs mini-batch k-means (Sculley, 2010, https://doi.org/10.1145/1772690.1772862) on vectors read shard by shard.

    It starts with the best of ten k-means runs on a sample of one batch, drawn from all vectors. One thread computes,
    so that equal seeds give equal bytes.

    Args:
        embeddings: the artifact of `bulk_inferrer`.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        clusters: the number of clusters.
        seed: the seed of the sample and of the first centres.
        passes: the number of passes over all vectors.
        batch_size: the number of vectors in a step; at least three times `clusters` are used. One batch is in memory.
        unit: whether to divide each vector by its length, so that directions are compared.
        splits: the splits of the embeddings; all by default.
        nearest: the number of images that the contact sheet shows for each cluster.
        examples: the examples of the embeddings, for the pictures; without them the sheet shows only names.

    Returns:
        The artifact: `assignments.csv` (`key`, `name`, `split`, `label`, `cluster`, `distance`), `centres.npy`, float32
        `(clusters, dim)`, `contact_sheet.html`, and in the manifest `result`, the result of `ClusterCounts`.

    Raises:
        UserError: a parameter or the embeddings cannot be used, or there are fewer vectors than clusters.
    """
    if "vectors" not in embeddings.manifest:
        raise UserError(f"{embeddings.path}: must be embeddings, and holds no vectors")
    count = sum(part["records"] for part in chosen(embeddings, splits).values())
    for name, value in {"clusters": clusters, "passes": passes, "batch_size": batch_size, "nearest": nearest}.items():
        if value < 1:
            raise UserError(f"`{name}` must be positive. Received: {name}={value}")
    if clusters > count:
        raise UserError(f"`clusters` must not exceed the {count} vectors. Received: clusters={clusters}")
    if examples is not None and examples.content != embeddings.inputs["examples"]:
        raise UserError(f"{examples.path}: must be the examples that {embeddings.path} was made of, and are others")
    execution: dict[str, Any] = {
        "component": "Clusterer",
        "inputs": {"embeddings": embeddings.content, "examples": examples.content if examples else None},
        "parameters": {
            "clusters": clusters,
            "seed": seed,
            "passes": passes,
            "batch_size": batch_size,
            "unit": unit,
            "splits": list(chosen(embeddings, splits)),
            "nearest": nearest,
        },
        "code": store.digest([code.digest(__name__), contact_sheet.template()]),
        "versions": code.versions() | {"scikit-learn": importlib.metadata.version("scikit-learn")},
    }

    def build(directory: Path) -> dict[str, Any]:
        verify(embeddings)
        size = max(batch_size, 3 * clusters)

        def batches() -> Iterator[list[vectors.Vector]]:
            return vectors.batches(vectors.read(embeddings, splits, unit), size)

        # Draws those with the smallest hashes: records may be sorted by class, and the first batch may hold one class
        # only.
        drawn = heapq.nsmallest(
            size, vectors.read(embeddings, splits, unit), key=lambda it: hash64(it.key, f"sample/{seed}")
        )
        centres = _fit(_matrix(drawn), batches, clusters, passes, seed, size)
        np.save(directory / CENTRES, centres.astype(np.float32))
        counts = ClusterCounts(clusters, nearest, embeddings.manifest.get("labels", ()))
        _assign(batches(), centres, counts, embeddings.manifest.get("labels", ()), directory / ASSIGNMENTS)
        result = counts.result()
        feature = embeddings.parameters["feature"]
        store.write_text(directory / SHEET, contact_sheet.render(result, execution["parameters"], examples, feature))
        files = (ASSIGNMENTS, CENTRES, SHEET)
        digests = {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in files}
        return {
            "format": 1,
            "content": store.digest({name: digests[name] for name in (ASSIGNMENTS, CENTRES)}),
            "result": result,
            **execution,
            "sha256": digests,
            "files": {name: (directory / name).stat().st_size for name in files},
        }

    return publish(output_dir, execution, build)


def _fit(
    sample: np.ndarray,
    batches: Callable[[], Iterator[list[vectors.Vector]]],
    clusters: int,
    passes: int,
    seed: int,
    size: int,
) -> np.ndarray:
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # with too few different vectors some clusters stay empty
        begun = KMeans(clusters, n_init=10, random_state=seed).fit(sample).cluster_centers_
        # Small clusters are not reassigned: the start is the best of ten, over the whole sample.
        model = MiniBatchKMeans(
            clusters, init=begun, n_init=1, batch_size=size, random_state=seed, reassignment_ratio=0.0
        )
        for batch in itertools.chain.from_iterable(batches() for _ in range(passes)):
            model.partial_fit(_matrix(batch))
    return model.cluster_centers_


def _assign(
    batches: Iterator[list[vectors.Vector]],
    centres: np.ndarray,
    counts: ClusterCounts,
    labels: Sequence[str],
    path: Path,
) -> None:
    from threadpoolctl import threadpool_limits

    with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as file, threadpool_limits(1):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["key", "name", "split", "label", "cluster", "distance"])
        for batch in batches:
            matrix = _matrix(batch)
            nearest = ((centres**2).sum(axis=1) - 2 * matrix @ centres.T).argmin(axis=1)
            distances = np.linalg.norm(matrix - centres[nearest], axis=1)
            for vector, cluster, distance in zip(batch, nearest.tolist(), distances.tolist(), strict=True):
                counts.add(vector, cluster, distance)
                label = labels[vector.label] if labels and vector.label is not None else ""
                table.writerow([vector.key, vector.name, vector.split, label, cluster, f"{distance:.6g}"])


def _matrix(batch: Sequence[vectors.Vector]) -> np.ndarray:
    return np.stack([vector.values for vector in batch])
