"""Embeddings that a batch job wrote, loaded as arrays."""

import dataclasses
import json
import os

import numpy as np
import tensorflow as tf

from keras_genssl.data.records import Records, Shard
from keras_genssl.pretext.names import canonical


@dataclasses.dataclass(frozen=True)
class Embeddings:
    """Vectors of images, in the order of the files.

    Attributes:
        keys: keys of the images' content, strings `(num,)`.
        names: names of the images, strings `(num,)`.
        vectors: float32 `(num, dim)`.
        labels: int64 `(num,)`, or `None` if the images have no labels.
        label_names: names of the classes.
        model: digest of the model, to pass as `encoder` to a `Gallery`.
    """

    keys: np.ndarray
    names: np.ndarray
    vectors: np.ndarray
    labels: np.ndarray | None
    label_names: tuple[str, ...]
    model: str

    def __len__(self) -> int:
        return len(self.vectors)


def load_embeddings(directory: str | os.PathLike[str], split: str | None = None) -> Embeddings:
    """Reads the output of `genssl embed` into arrays.

    Args:
        directory: directory of the embeddings, with their `manifest.json`.
        split: the split to read; `None` for all splits, one after the other.

    Raises:
        ValueError: if the directory holds no embeddings, if there is no such split, or if a file is damaged.

    Example:
        >>> found = load_embeddings("out/embeddings/0123456789abcdef0123", "images")  # doctest: +SKIP
        >>> gallery = Gallery(encoder=found.model)  # doctest: +SKIP
        >>> gallery.enrol(found.vectors, found.names)  # doctest: +SKIP
    """
    path = os.fspath(directory)
    try:
        with tf.io.gfile.GFile(os.path.join(path, "manifest.json")) as file:
            manifest = json.load(file)
        dim = manifest["vectors"]["vector"]
    except (tf.errors.OpError, ValueError, LookupError, TypeError) as error:
        raise ValueError(
            f"`directory` must hold embeddings with their manifest.json. Received: directory={path!r}"
        ) from error
    splits = manifest["splits"]
    if split is not None and split not in splits:
        raise ValueError(f"`split` must be one of {', '.join(splits)}. Received: split={split!r}")
    shards = [
        Shard(os.path.join(path, shard["file"]), shard["records"], 0, shard["records"])
        for part in ([split] if split is not None else splits)
        for shard in splits[part]["shards"]
    ]
    held = Records(shards)
    columns = {name: tf.io.FixedLenFeature((), tf.string) for name in ("key", "name", "vector")}
    labels = tuple(manifest.get("labels", ()))
    if labels:
        columns["label"] = tf.io.FixedLenFeature((), tf.int64)
    found = {name: value.numpy() for name, value in tf.io.parse_example(held.read(range(len(held))), columns).items()}
    if any(len(vector) != 4 * dim for vector in found["vector"]):
        raise ValueError(f"{path}: all vectors must be of the {dim} numbers that the manifest says.")
    return Embeddings(
        np.array([key.decode() for key in found["key"]]),
        np.array([canonical(name.decode()) for name in found["name"]]),
        np.frombuffer(b"".join(found["vector"]), "<f4").reshape(-1, dim).copy(),
        found.get("label"),
        labels,
        manifest["inputs"]["model"],
    )
