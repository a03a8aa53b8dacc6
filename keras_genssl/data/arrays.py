"""Sources of examples that are arrays in memory. IDX files (MNIST's format) are read into such arrays."""

import gzip
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.feature_names import require_names
from keras_genssl.data.npz import rows_of
from keras_genssl.data.remote import is_file

DEBIAN = {"fashion_mnist": "/usr/share/datasets/fashion-mnist"}
"""Where Debian's packages put the IDX files of datasets that TFDS knows by these names."""

_SPLITS = {"train": "train", "test": "t10k"}
_IDX_UBYTE = 0x08


class ArraySource:
    """Arrays of equal length, one row for each example.

    Args:
        arrays: name -> `(num_examples, ...)`; images are uint8 `(num_examples, height, width, channels)`.
        names: the arrays to read; `None` for all.
        class_names: the names of the classes that `label` numbers; `None` if they have none.

    Raises:
        ValueError: if there is no array, the lengths differ, or `names` holds an unknown name.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        names: Sequence[str] | None = None,
        class_names: tuple[str, ...] | None = None,
    ) -> None:
        arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        lengths = {name: len(array) if array.ndim else None for name, array in arrays.items()}
        if not arrays or None in lengths.values() or len(set(lengths.values())) > 1:
            raise ValueError(f"Arrays of examples must have one and the same length. Received: lengths {lengths}")
        strange = {name: str(array.dtype) for name, array in arrays.items() if array.dtype.kind not in "uifb"}
        if strange:
            raise ValueError(f"Arrays of examples must hold numbers. Received: {strange}")
        if names is not None:
            require_names(names, sorted(arrays))
        self._all = arrays
        self._arrays = {name: arrays[name] for name in (arrays if names is None else names)}
        self.identity = _digest(self._arrays)
        self.class_names = class_names

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def read(self, ids: np.ndarray) -> list[bytes]:
        """Returns the bytes of each example: its rows of all arrays, one after the other."""
        rows = [self._arrays[name][ids] for name in self._arrays]
        return [b"".join(array[position].tobytes() for array in rows) for position in range(len(ids))]

    def labels(self, name: str) -> np.ndarray:
        """Returns an array of integers, one for each example."""
        if name not in self._all or self._all[name].ndim != 1 or self._all[name].dtype.kind not in "ui":
            raise ValueError(
                f"There must be an array {name!r} of integers (num_examples,). Received: {sorted(self._all)}"
            )
        return self._all[name]

    def title(self, number: int) -> str:
        """Returns what messages call an example: `example` and its number."""
        return f"example {number}"

    def decode(self, encoded: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decodes the bytes of an example to one tensor per array."""
        del number
        example, start = {}, 0
        for name, array in self._arrays.items():
            size = array[0].nbytes
            row = tf.io.decode_raw(tf.strings.substr(encoded, start, size), array.dtype)
            example[name] = tf.reshape(row, array.shape[1:])
            start += size
        return example


def is_idx(directory: str) -> bool:
    """Tells whether a directory holds the training images of an IDX dataset."""
    return _find(directory, "train-images-idx3-ubyte") is not None


def read_idx(directory: str, split: str) -> dict[str, np.ndarray]:
    """Reads a split of an IDX dataset: `image`, uint8 `(num, height, width, 1)`, and `label`, int64 `(num,)`.

    Args:
        directory: holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
            `t10k-labels-idx1-ubyte`, each plain or as `.gz`.
        split: `"train"` or `"test"`, or a slice of one in the syntax of TFDS (`"train[:10%]"`).

    Raises:
        ValueError: if the split is unknown, or if a file is missing or does not match its header.
    """
    name = split.partition("[")[0]
    if name not in _SPLITS:
        raise ValueError(f"`split` must be one of {sorted(_SPLITS)} in {directory}. Received: split={split!r}")
    images = _read(directory, f"{_SPLITS[name]}-images-idx3-ubyte", 3)
    labels = _read(directory, f"{_SPLITS[name]}-labels-idx1-ubyte", 1)
    if len(images) != len(labels):
        raise ValueError(f"{directory} must hold a label for each image. Received: {len(images)} and {len(labels)}")
    rows = rows_of(split, len(images))
    return {"image": images[rows][..., np.newaxis], "label": labels[rows].astype(np.int64)}


def _find(directory: str, name: str) -> str | None:
    candidates = [os.path.join(directory, name + ending) for ending in ("", ".gz")]
    return next((path for path in candidates if is_file(path)), None)


def _read(directory: str, name: str, rank: int) -> np.ndarray:
    path = _find(directory, name)
    if path is None:
        raise ValueError(f"{directory} must hold {name} or {name}.gz")
    with tf.io.gfile.GFile(path, "rb") as file:
        content = file.read()
    try:
        content = gzip.decompress(content) if path.endswith(".gz") else content
    except (OSError, EOFError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    header = np.frombuffer(content[: 4 + 4 * rank], ">u4")
    shape = tuple(int(size) for size in header[1:])
    if len(header) != 1 + rank or header[0] != _IDX_UBYTE << 8 | rank or len(content) != 4 + 4 * rank + np.prod(shape):
        raise ValueError(f"{path} must be an IDX file of unsigned bytes of {rank} dimensions, as long as it says")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def _digest(arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(memoryview(array).cast("B") if array.size else b"")
    return digest.hexdigest()
