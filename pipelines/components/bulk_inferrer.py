"""BulkInferrer: examples and an exported model -> a vector for each image; output shard i comes from input shard i."""

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import keras_genssl.pretext.codec as codec  # only this module: the component depends on no other part of `pretext`
from pipelines.beam import progress, records
from pipelines.beam.shards import DeadLetter, Record, open_file, read_report, write_shard
from pipelines.components import served, vector_function
from pipelines.data.shard_by_shard import Part, shard_by_shard
from pipelines.data.written import Dataset
from pipelines.errors import UserError
from pipelines.runtime import code
from pipelines.runtime.artifact import Artifact, publish, verify
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

SPEC = Component("BulkInferrer", {"examples": Kind.EXAMPLES, "model": Kind.SAVED_MODEL}, Kind.EMBEDDINGS)
NAME = "embeddings"


def bulk_inferrer(
    examples: Artifact,
    model: str | os.PathLike[str],
    output_dir: str | os.PathLike[str],
    *,
    signature: str = "serving_default",
    feature: str = "image",
    batch_size: int = 32,
    splits: Sequence[str] | None = None,
    max_failure_rate: float = 0.5,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Runs the images of examples through an exported model.

    Each image is decoded here first, so that a corrupt image becomes a dead letter and does not spoil its batch. If the
    model refuses a batch, its images are run one by one. Each process loads the model once.

    Args:
        examples: the artifact of an ExampleGen or Prepare.
        model: the directory of a SavedModel.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        signature: a signature of the model from images to one vector each; see `VectorFunction`.
        feature: the feature of the examples with the image.
        batch_size: the number of images in a batch. They are consecutive, and of one size if the model takes floats.
        splits: the splits of the examples; all by default.
        max_failure_rate: the largest share of images that may become dead letters.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest. Its features are `key`, `name`, `vector` (float32), and `label`
        if the examples have one. `keras_genssl.data.load_embeddings` reads it.

    Raises:
        UserError: a parameter or the model cannot be used, too many images fail, or a split stays empty.
    """
    if batch_size < 1:
        raise UserError(f"`batch_size` must be positive. Received: batch_size={batch_size}")
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    parts = chosen(examples, splits)
    kinds = examples.manifest.get("features", {feature: "image"})
    if kinds.get(feature) not in ("image", "grey"):
        images = [name for name, kind in kinds.items() if kind in ("image", "grey")]
        if not images:
            held = "vectors" if "vectors" in examples.manifest else ", ".join(kinds)
            raise UserError(f"{examples.path}: must hold images, and holds {held}")
        raise UserError(f"`feature` must be an image of the examples: {', '.join(images)}. Received: {feature!r}")
    path = str(Path(model).expanduser().resolve())
    execution: dict[str, Any] = {
        "component": "BulkInferrer",
        "inputs": {"examples": examples.content, "model": served.digest(Path(path))},
        "parameters": {
            "signature": signature,
            "feature": feature,
            "batch_size": batch_size,
            "splits": list(parts),
            "max_failure_rate": max_failure_rate,
        },
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        verify(examples)
        vector_function.loaded(path, signature)  # its faults are reported before any work
        write = functools.partial(
            _write, directory=str(directory), model=path, signature=signature, feature=feature, batch_size=batch_size
        )
        shards = shard_by_shard(examples, NAME, write, directory, workers, tell, parts)
        lengths = sorted(
            {length for it in shards for length, _ in read_report(str(directory), it)["facts"].get("vector_num", ())}
        )
        if len(lengths) > 1:
            raise UserError(f"{path}: all vectors of {signature!r} must be of one length. Received: {lengths}")
        labels = examples.manifest.get("labels", ())
        features = {"key": "text", "name": "text", "vector": "vector", **({"label": "label"} if labels else {})}
        attempted = sum(part["records"] for part in parts.values())
        return Dataset(NAME, features, shards, labels).finish(directory, attempted, max_failure_rate, **execution)

    return publish(output_dir, execution, build)


def chosen(artifact: Artifact, splits: Sequence[str] | None) -> dict[str, Any]:
    """Returns the manifest's splits with these names, or all splits.

    Raises:
        UserError: there is no split with a given name.
    """
    held = artifact.manifest["splits"]
    unknown = [split for split in splits or () if split not in held]
    if unknown:
        raise UserError(f"`splits` must be of {', '.join(held)}. Received: {', '.join(unknown)}")
    return {split: part for split, part in held.items() if splits is None or split in splits}


def _write(part: Part, directory: str, model: str, signature: str, feature: str, batch_size: int) -> dict[str, Any]:
    def outcomes() -> Iterator[Record | DeadLetter]:  # if the shard is there, this does not run and loads no model
        function = vector_function.loaded(model, signature)
        yield from _outcomes(part.source, function, feature, batch_size)

    return write_shard(directory, part.shard, outcomes())


def _outcomes(
    source: str, function: vector_function.VectorFunction, feature: str, batch_size: int
) -> Iterator[Record | DeadLetter]:
    waiting: list[tuple[dict[str, Any], str, Any]] = []  # a batch: record, size in words, input of the model
    with open_file(source) as file:
        for serialized in records.read(file):
            record = records.parse(serialized)
            key, name = record["key"].decode(), record["name"].decode()
            if feature not in record:
                yield DeadLetter(key, name, "infer", "MissingFeature", f"the record has no `{feature}`")
                continue
            try:
                image = codec.decode_image(record[feature], codec.NO_LIMIT)[0]
            except codec.DECODE_ERRORS as error:
                yield DeadLetter(key, name, "decode", type(error).__name__, str(error))
                continue
            size = f"{image.shape[1]} x {image.shape[0]} pixels"
            given = function.input(record.pop(feature), image)
            if given is None:
                yield DeadLetter(key, name, "infer", "OtherSize", f"the model cannot take its {size}")
                continue
            if len(waiting) == batch_size or (waiting and np.shape(waiting[0][2]) != np.shape(given)):
                yield from _answers(waiting, function)
                waiting = []
            waiting.append((record, size, given))
    if waiting:
        yield from _answers(waiting, function)


def _answers(
    batch: Sequence[tuple[dict[str, Any], str, Any]], function: vector_function.VectorFunction
) -> Iterator[Record | DeadLetter]:
    results = function([given for _, _, given in batch])
    for (record, size, _), vector in zip(batch, results, strict=True):
        key, name = record["key"].decode(), record["name"].decode()
        if isinstance(vector, vector_function.Refused):
            reason = vector.reason or f"the model cannot take its {size}"
            yield DeadLetter(key, name, "infer", vector.kind, reason)
        elif not np.isfinite(vector).all():
            yield DeadLetter(key, name, "infer", "NotFinite", "the model gives it numbers that are not finite")
        else:
            label = {"label": record["label"]} if "label" in record else {}
            features = {"key": record["key"], "name": record["name"], "vector": vector.tobytes(), **label}
            yield Record(features, {"vector_num": len(vector), **label})
