"""Folders of image files as examples."""

import hashlib
import json
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.feature_names import require_names
from keras_genssl.data.remote import file_system
from keras_genssl.pretext import EXTENSIONS, decode_image
from keras_genssl.pretext.class_folders import ClassFolders
from keras_genssl.pretext.image_files import ImageFile, find_images, printable


class FolderSource:
    """Image files under a folder, sorted by their path in it.

    Elements: `image`; `key`, the path below the folder; and, if every image lies in a sub-folder, `label`, the number
    of the sub-folder of its class.

    Args:
        folder: the folder.
        files: the files to read.
        classes: the classes that the files' paths name.
        names: the features to read; `None` for all.
        strict: whether to refuse a file that cannot be read now, rather than when it is read.

    Attributes:
        class_names: the names of the classes that `label` numbers.

    Raises:
        ValueError: if a class, a feature or a file is refused.
    """

    def __init__(
        self,
        folder: str,
        files: Sequence[ImageFile],
        classes: ClassFolders,
        names: Sequence[str] | None,
        strict: bool,
    ) -> None:
        self._system = file_system(folder)
        self._paths = [file.path for file in files]
        keys = [file.name for file in files]
        self._table: dict[str, Any] = {"key": tf.constant(keys)}
        numbers = classes.numbers(keys)
        self.class_names = classes.class_names if numbers is not None else None
        if numbers is not None:
            self._table["label"] = tf.constant(numbers, tf.int64)
        described: list[Any] = [[key, self._size(number, strict)] for number, key in enumerate(keys)]
        own = sorted({label for label in map(classes.class_of, keys) if label is not None})
        if numbers is not None and list(classes.class_names) != own:
            described.append({"class_names": list(classes.class_names)})  # the same folder has other numbers
        self.identity = hashlib.sha256(json.dumps(described).encode()).hexdigest()
        self._names = ["image", *self._table] if names is None else list(names)
        require_names(self._names, ["image", *self._table])

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, ids: np.ndarray) -> list[bytes]:
        """Returns the bytes of the files."""
        return [self._read(number) for number in map(int, ids)]

    def labels(self, name: str) -> np.ndarray:
        """Returns the numbers of the images' sub-folders."""
        if name != "label" or name not in self._table:
            raise ValueError(f"A folder has 'label', where all its images lie in sub-folders. Received: {name!r}")
        return self._table["label"].numpy()

    def names(self) -> list[str]:
        """Returns the paths of the images below the folder, without their extensions."""
        return [os.path.splitext(key.decode())[0] for key in self._table["key"].numpy()]

    def title(self, number: int) -> str:
        """Returns the path of an image file, after the words `the image`."""
        return f"the image {printable(self._paths[number])}"

    def _size(self, number: int, strict: bool) -> int | None:
        try:
            return self._system.size(self._paths[number])
        except OSError as error:
            if strict:
                raise unreadable(self.title(number), error) from error
            return None

    def _read(self, number: int) -> bytes:
        try:
            return self._system.read(self._paths[number])
        except OSError as error:
            raise unreadable(self.title(number), error) from error

    def _pixels(self, encoded: bytes | np.ndarray, number: np.ndarray) -> np.ndarray:
        try:
            return decode_image(encoded if isinstance(encoded, bytes) else encoded.item())[0]
        except Exception as error:  # whatever the decoder raises, the message must name the file
            raise ValueError(f"Cannot decode {self.title(int(number))}: {error}") from error

    def decode(self, encoded: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decodes one image file."""
        example = {name: self._table[name][number] for name in self._names if name != "image"}
        if "image" in self._names:
            image = tf.numpy_function(self._pixels, [encoded, number], tf.uint8, stateful=False)
            example["image"] = tf.ensure_shape(image, (None, None, 3))
        return example


def unreadable(title: str, error: OSError) -> ValueError:
    """Returns the error to raise for a file that cannot be read."""
    return ValueError(f"Cannot read {title}: {error.strerror or error}")


def open_folder(
    folder: str, split: str, features: Sequence[str] | None, class_names: Sequence[str] | None, strict: bool
) -> FolderSource:
    """Opens the images of a folder and its sub-folders, or of one of its splits (`ClassFolders`).

    Raises:
        FileNotFoundError: if the folder holds no images, or holds records without a manifest.
        OSError: if the folder or a sub-folder cannot be listed.
        ValueError: if the folder does not have the split, a feature or a class.
    """
    system = file_system(folder)
    names = [entry.name for entry in system.entries(folder)]
    if any(name in ("dataset_info.json", "features.json") or ".tfrecord" in name for name in names):
        raise FileNotFoundError(
            f"The directory {folder} holds records but no manifest.json: it was not finished, or it is a TFDS "
            "dataset, which is loaded by its name."
        )
    files, _ = find_images(folder, files=system)
    if not files:
        raise FileNotFoundError(
            f"`source` must be a TFDS name, a prepared directory (with manifest.json) or a folder of images "
            f"({', '.join(EXTENSIONS)}). Received: the directory {folder}, with {len(names)} other entries"
        )
    classes = ClassFolders([file.name for file in files], class_names)
    if classes.doubt is not None:
        warnings.warn(f"{printable(folder)}: {classes.doubt}.", stacklevel=4)
    chosen = classes.split(split)
    if classes.splits and chosen is None:
        raise ValueError(f"`split` must be one of {list(classes.splits)} in {folder}. Received: split={split!r}")
    if not classes.splits and split != "train":
        raise ValueError(
            f'A folder of images has one split, "train", unless sub-folders of it are called train and {split}. '
            f"Received: split={split!r}"
        )
    if chosen is not None:
        files = [file for file in files if file.name.startswith(f"{chosen}/")]
    return FolderSource(folder, files, classes, features, strict)
