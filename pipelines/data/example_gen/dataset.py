"""DatasetExampleGen: a data set that `keras_genssl.data.load` knows by name -> keyed records in shards."""

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import keras_genssl.pretext.codec as codec  # only this module: the component depends on no other part of `pretext`
from pipelines.beam import jobs, progress
from pipelines.beam.shards import Record, Shard, read_report, write_shard
from pipelines.data.written import Dataset
from pipelines.errors import UserError
from pipelines.runtime import code, device
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

if TYPE_CHECKING:
    from pipelines.data.sources import Dataset as Source
    from pipelines.data.sources import Reading

SPEC = Component("DatasetExampleGen", {"images": Kind.IMAGES}, Kind.EXAMPLES)
NAME = "dataset"
_SHARD_RECORDS = 8192
_BATCH = 256
_CLASSES = 2**20  # the most classes of a data set; larger numbers identify something else


def read(source: "Source", reading: "Reading") -> Artifact:
    """Reads the examples of a recipe's source."""
    splits = {"train": source.train_split, "eval": source.eval_split}
    home = reading.home / "dataset"
    without = source.train_without or ()
    return dataset_example_gen(
        source.dataset, home, splits, train_without=without, workers=reading.workers, tell=reading.tell
    )


def dataset_example_gen(
    source: str,
    output_dir: str | os.PathLike[str],
    splits: Mapping[str, str],
    *,
    train_without: Sequence[int] = (),
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes the examples of a data set as records: `key` and `name` (split and number), `image` (PNG) and `label`.

    The splits are those of the data set, and duplicates are kept, because published results depend on them.
    The files are identical to the byte for any number of workers.

    Args:
        source: a name that `keras_genssl.data.load` knows, such as `"fashion_mnist"`, a directory of IDX files or an
            NPZ archive.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        splits: our split -> split of the data set: `{"train": "train", "eval": "test"}`.
        train_without: the numbers of classes that are left out of the split `train`, and of no other.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, a TFDS directory with a manifest; it has `label` if the data set has it.

    Raises:
        UserError: there is no such data set or split, a split is empty, it holds no images, or a class to leave out is
            none of the data set's.
    """
    sizes = {split: len(_open(source, theirs)) for split, theirs in splits.items()}
    for split, size in sizes.items():
        if not size:
            raise UserError(f"data.{split}_split={splits[split]}: must hold images, and holds none of {source}")
    kind = {1: "grey", 3: "image"}[_first(source, next(iter(splits.values()))).shape[-1]]
    labelled = "label" in _names(source, next(iter(splits.values())))
    known = _class_names(source) if labelled else ()
    left_out = frozenset(train_without)
    if left_out and not labelled:
        raise UserError(
            f"data.train_without={sorted(left_out)}: must be left out of data with labels; {source} has none"
        )
    execution: dict[str, Any] = {
        "component": "DatasetExampleGen",
        "inputs": {split: _open(source, theirs).identity for split, theirs in splits.items()},
        "parameters": {"splits": dict(splits), "labels": list(known)}
        | ({"train_without": sorted(left_out)} if left_out else {}),
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        everything = []
        for split, size in sizes.items():
            count = -(-size // _SHARD_RECORDS)
            for index in range(count):
                span = (index * size // count, (index + 1) * size // count)
                everything.append((Shard(NAME, split, index, count), splits[split], *span))
        shards = [shard for shard, *_ in everything]
        sizes_of = {shard: stop - start for shard, _, start, stop in everything}
        with progress.watch(str(directory), sizes_of, tell):
            write = functools.partial(_write, source=source, directory=str(directory), left_out=left_out)
            jobs.run_each(everything, write, workers)
        features = {"key": "text", "name": "text", "image": kind} | ({"label": "label"} if labelled else {})
        labels = known or (_numbered(directory, shards) if labelled else ())
        if left_out and max(left_out) >= len(labels):
            raise UserError(
                f"data.train_without={sorted(left_out)}: must be numbers of the {len(labels)} classes of {source}"
            )
        dataset = Dataset(NAME, features, shards, labels)
        return dataset.finish(directory, sum(sizes.values()), 0.0, **execution)

    return publish(output_dir, execution, build)


def _write(
    shard: Shard, split: str, start: int, stop: int, source: str, directory: str, left_out: frozenset[int]
) -> dict[str, Any]:
    records = _records(shard, split, start, stop, source)
    if left_out and shard.split == "train":
        records = (record for record in records if record.features["label"] not in left_out)
    return write_shard(directory, shard, records)


def _records(shard: Shard, split: str, start: int, stop: int, source: str) -> Iterator[Record]:
    for number, example in zip(range(start, stop), _decoded(source, split, start, stop), strict=True):
        image = example["image"]
        name = f"{shard.split}/{number:08d}".encode()
        values: dict[str, bytes | int] = {"key": name, "name": name, "image": codec.encode_png(image)}
        facts: dict[str, int | str] = {"height": image.shape[0], "width": image.shape[1]}
        if "label" in example:
            facts["label"] = values["label"] = _class_of(example["label"], name.decode())
        yield Record(values, facts)


def _class_of(label: Any, name: str) -> int:
    """Returns the number of a class, checked before `int` would convert 0.5 or a single-element array."""
    label = np.asarray(label)
    if label.ndim or label.dtype.kind not in "iu":
        raise UserError(
            f"`label` must be one integer for each example. Received: {label.dtype} of shape {label.shape} in {name}"
        )
    return int(label)


def _decoded(source: str, split: str, start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Yields the examples of a range, in order."""
    opened = _open(source, split)
    stored = opened.read(np.arange(start, stop))
    if opened.decoded is not None:  # it decodes in Python
        yield from map(opened.decode, zip(*stored, strict=True))
        return
    import tensorflow as tf

    with tf.device("CPU:0"):
        examples = tf.data.Dataset.from_tensor_slices(tuple(stored)).map(lambda *row: opened.decode(row))
        if not all(spec.shape.is_fully_defined() for spec in examples.element_spec.values()):
            yield from examples.as_numpy_iterator()
            return
        for batch in examples.batch(_BATCH).as_numpy_iterator():  # each step of the iterator is costly
            for row in range(len(batch["image"])):
                yield {name: values[row] for name, values in batch.items()}


@functools.cache
def _names(source: str, split: str) -> tuple[str, ...]:
    """Returns `image`, and `label` if the data set has it."""
    device.start()
    from keras_genssl.data.sources import open_source

    try:
        open_source(source, split, ["label"], None)
    except (ValueError, KeyError):
        return ("image",)
    return "image", "label"


@functools.lru_cache(maxsize=2)
def _open(source: str, split: str) -> Any:
    """Opens the split as a source of `keras_genssl.data`."""
    device.start()
    from keras_genssl.data.sources import open_source

    try:
        return open_source(source, split, _names(source, split), None)
    except (ValueError, KeyError, FileNotFoundError) as error:
        raise UserError(*f"data.dataset={source}, split {split}: {error}".splitlines()) from error


def _first(source: str, split: str) -> Any:
    image = next(_decoded(source, split, 0, 1))["image"]
    if image.dtype != "uint8" or image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise UserError(
            f"data.dataset={source}: `image` must be uint8 (height, width, 1 or 3). "
            f"Received: {image.dtype} {image.shape}"
        )
    return image


def _class_names(source: str) -> tuple[str, ...]:
    """Returns TFDS's names of the classes, if TFDS knows the data set."""
    import tensorflow_datasets as tfds

    try:
        names = tfds.builder(source).info.features["label"].names
    except (tfds.core.DatasetNotFoundError, KeyError, ValueError, AttributeError):
        return ()
    return tuple(names or ())


def _numbered(directory: Path, shards: list[Shard]) -> tuple[str, ...]:
    """Returns names for classes that have only numbers."""
    reports = [read_report(str(directory), shard) for shard in shards]
    highest = max(label for report in reports for label, _ in report["facts"].get("label", []))
    if highest >= _CLASSES:
        raise UserError(
            f"`label` must be the number of a class, from 0 to {_CLASSES - 1}, where the data set names none. "
            f"Received: {highest} among them"
        )
    return tuple(map(str, range(highest + 1)))
