"""Folders of image files as examples."""

import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.feature_names import require_names
from keras_genssl.pretext import EXTENSIONS, decode_image


class FolderSource:
    """Image files under a folder, sorted by their path in it.

    Elements: `image`; `key`, the path below the folder; and `label`, the number of the first-level sub-folder
    in alphabetical order, where every image lies in one.
    """

    def __init__(self, folder: str, paths: Sequence[str], names: Sequence[str] | None):
        self._files = [os.path.join(folder, path) for path in paths]
        sizes = [[path, tf.io.gfile.stat(file).length] for path, file in zip(paths, self._files, strict=True)]
        self.identity = hashlib.sha256(json.dumps(sizes).encode()).hexdigest()
        self._table: dict[str, Any] = {"key": tf.constant(paths)}
        classes = [path.split("/")[0] if "/" in path else None for path in paths]
        if None not in classes:
            numbers = {name: number for number, name in enumerate(sorted(set(map(str, classes))))}
            self._table["label"] = tf.constant([numbers[str(name)] for name in classes], tf.int64)
        self._names = ["image", *self._table] if names is None else list(names)
        require_names(self._names, ["image", *self._table])

    def __len__(self) -> int:
        return len(self._files)

    def read(self, ids: np.ndarray) -> list[bytes]:
        """The bytes of the files."""
        contents = []
        for number in map(int, ids):
            with tf.io.gfile.GFile(self._files[number], "rb") as file:
                contents.append(file.read())
        return contents

    def labels(self, name: str) -> np.ndarray:
        """The numbers of the images' sub-folders."""
        if name != "label" or name not in self._table:
            raise ValueError(f"A folder has 'label', where all its images lie in sub-folders. Received: {name!r}")
        return self._table["label"].numpy()

    def title(self, number: int) -> str:
        """The path of an image file."""
        return f"the image {self._files[number]}"

    def _pixels(self, encoded: bytes | np.ndarray, number: np.ndarray) -> np.ndarray:
        try:
            return decode_image(encoded if isinstance(encoded, bytes) else encoded.item())[0]
        except Exception as error:  # whatever a decoder makes of a bad file, the reader wants its name
            raise ValueError(f"Cannot decode {self.title(int(number))}: {error}") from error

    def decode(self, encoded: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decode one image file."""
        example = {name: self._table[name][number] for name in self._names if name != "image"}
        if "image" in self._names:
            image = tf.numpy_function(self._pixels, [encoded, number], tf.uint8, stateful=False)
            example["image"] = tf.ensure_shape(image, (None, None, 3))
        return example


def open_folder(folder: str, split: str, features: Sequence[str] | None) -> FolderSource:
    """The images below a folder, but in those whose names begin with a dot.

    Raises:
        FileNotFoundError: if it holds none, or records that no manifest names.
        ValueError: if the split or a feature is not a folder's.
    """
    paths = sorted(
        os.path.relpath(os.path.join(root, file), folder).replace(os.sep, "/")
        for root, _, files in tf.io.gfile.walk(folder)
        for file in files
        if file.lower().endswith(EXTENSIONS)
    )
    paths = [path for path in paths if not any(part.startswith(".") for part in path.split("/"))]
    files = tf.io.gfile.listdir(folder)
    if any(file in ("dataset_info.json", "features.json") or ".tfrecord" in file for file in files):
        raise FileNotFoundError(
            f"The directory {folder} holds records but no manifest.json: it was not finished, or it is a TFDS "
            "dataset, which is loaded by its name."
        )
    if not paths:
        raise FileNotFoundError(
            f"`source` must be a TFDS name, a prepared directory (with manifest.json) or a folder of images "
            f"({', '.join(EXTENSIONS)}). Received: the directory {folder}, with {len(files)} other entries"
        )
    if split != "train":
        raise ValueError(f'A folder of images has one split, "train". Received: split={split!r}')
    return FolderSource(folder, paths, features)
