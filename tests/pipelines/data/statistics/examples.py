"""Small examples artifacts for tests of the statistics."""

from pathlib import Path

import numpy as np

from keras_genssl.pretext import encode_png
from pipelines.beam.shards import Record, Shard, write_shard
from pipelines.data.written import Dataset
from pipelines.runtime.artifact import publish

FEATURES = {"key": "text", "name": "text", "image": "grey", "label": "label"}


def record(name, image, label=0):
    """A record; `image` may be bytes that are none, and what is None is left out."""
    encoded = encode_png(image) if isinstance(image, np.ndarray) else image
    values = {"key": name.encode(), "name": name.encode(), "image": encoded, "label": label}
    return Record({feature: value for feature, value in values.items() if value is not None})


def pair(name, first, second):
    """A record of two grey images."""
    images = {"first": encode_png(first), "second": encode_png(second)}
    return Record({"key": name.encode(), "name": name.encode(), **images})


PAIRS = {"key": "text", "name": "text", "first": "grey", "second": "grey"}


def write(directory, splits, features=FEATURES, labels=("cat", "dog")):
    """Publish splits of shards of records."""

    def build(into: Path):
        shards = []
        for split, parts in splits.items():
            for index, part in enumerate(parts):
                shards.append(Shard("tiny", split, index, len(parts)))
                write_shard(str(into), shards[-1], iter(part))
        return Dataset("tiny", features, shards, labels).finish(into, 100, 1.0)

    return publish(directory, {"of": str(directory)}, build)


def noise(seed, size=16, channels=1):
    return np.random.default_rng(seed).integers(0, 256, (size, size, channels), np.uint8)


def constant(level, height=8, width=8, channels=1):
    return np.full((height, width, channels), level, np.uint8)
