"""Examples that lie in memory as arrays, and the IDX files and NumPy archives that are read into such."""

import gzip
import hashlib
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.lib.npyio import NpzFile

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.data.feature_names import require_names
from keras_genssl.data.folders import is_file

# The names of a split's arrays of images and labels. Archives without split names hold `train` only.
_NAMES = (("x_{}", "y_{}"), ("{}_images", "{}_labels"))
_ONE_SPLIT = (("images", "labels"), ("image", "label"))


def read_npz(path: str, split: str) -> dict[str, np.ndarray]:
    """Reads a split of an archive: `image`, uint8 `(num, height, width, 1 or 3)`, and `label`, int64 `(num,)`, if any.

    Args:
        path: the file; its arrays are `x_train`, `y_train`, `x_test` ..., or `train_images`, `train_labels` ..., or
            `images` and `labels`, which are the split `"train"`.
        split: a split, or a slice of one in the syntax of TFDS (`"train[:90%]"`).

    Raises:
        ValueError: if there is no such split, the file is damaged, or an array has another shape or dtype.
    """
    with tf.io.gfile.GFile(path, "rb") as file:
        content = file.read()
    try:
        with NpzFile(io.BytesIO(content)) as archive:  # `np.load` takes a file of another kind for a pickle
            names = _find_arrays(archive.files, split, path)
            images, *labels = (archive[name] for name in names)
    except (zipfile.BadZipFile, OSError, EOFError, zipfile.LargeZipFile) as error:
        raise ValueError(f"{path} cannot be read as an NPZ archive of NumPy: {error}") from error
    shape = images.shape if images.ndim != 3 else (*images.shape, 1)
    if images.dtype != np.uint8 or len(shape) != 4 or shape[-1] not in (1, 3):
        raise ValueError(
            f"`{names[0]}` in {path} must be uint8 (num, height, width) or (num, height, width, 1 or 3). "
            f"Received: {images.dtype} of shape {images.shape}"
        )
    rows = rows_of(split, len(images))
    image = images.reshape(shape)[rows]
    if not labels:
        return {"image": image}
    label = labels[0][:, 0] if labels[0].ndim == 2 and labels[0].shape[1] == 1 else labels[0]
    return {"image": image, "label": checked_labels(label, f"{names[1]} of {path}", images, names=False)[rows]}


def rows_of(split: str, count: int) -> np.ndarray:
    """Returns the numbers of the examples of a split of `count` examples, or of a slice of it in the syntax of TFDS.

    >>> rows_of("train[50%:]", 4).tolist()
    [2, 3]
    """
    import tensorflow_datasets as tfds

    name = split.partition("[")[0]
    info = tfds.core.SplitInfo(name=name, shard_lengths=[count], num_bytes=0)
    spans = tfds.core.ReadInstruction.from_spec(split).to_absolute({name: info})
    return np.concatenate([np.arange(count)[span.from_ : span.to] for span in spans])


def _find_arrays(held: list[str], split: str, path: str) -> list[str]:
    """Returns the names of a split's arrays: of its images, and of its labels if there are any."""
    name = split.partition("[")[0]
    pairs = [(images.format(name), labels.format(name)) for images, labels in _NAMES]
    for images, labels in [*pairs, *(_ONE_SPLIT if name == "train" else ())]:
        if images in held:
            return [images, *([labels] if labels in held else [])]
    known = " or ".join(f"`{images}`" for images, _ in [*pairs, *(_ONE_SPLIT if name == "train" else ())])
    hint = ""
    if name != "train" and any(images in held for images, _ in _ONE_SPLIT):
        hint = ', which are the split "train": slice it, "train[:90%]" and "train[90%:]"'
    raise ValueError(f"{path} must hold an array {known}. Received: {', '.join(sorted(held)) or 'none'}{hint}")


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

    by_batch = True

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
        self.decoded: dict[str, Any] | None = {
            name: tf.TensorSpec(array.shape[1:], array.dtype) for name, array in self._arrays.items()
        }
        self.stored = tuple(tf.TensorSpec(array.shape[1:], array.dtype) for array in self._arrays.values())

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns the rows of all arrays."""
        return [array[ids] for array in self._arrays.values()]

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

    def decode(self, stored: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Names the rows."""
        return dict(zip(self._arrays, stored, strict=True))


def is_idx(directory: str) -> bool:
    """Tells whether a directory holds the training images of an IDX dataset."""
    return _find_file(directory, "train-images-idx3-ubyte") is not None


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


def _find_file(directory: str, name: str) -> str | None:
    candidates = [os.path.join(directory, name + ending) for ending in ("", ".gz")]
    return next((path for path in candidates if is_file(path)), None)


def _read(directory: str, name: str, rank: int) -> np.ndarray:
    path = _find_file(directory, name)
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
