"""Folders of image files as examples, local or remote, and films that lie as folders of frames."""

import collections
import hashlib
import json
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.feature_names import require_names
from keras_genssl.pretext import EXTENSIONS, decode_image
from keras_genssl.pretext.class_folders import ClassFolders
from keras_genssl.pretext.image_files import Entry, FileSystem, ImageFile, LocalFiles, find_images, printable
from keras_genssl.pretext.names import natural_order


class RemoteFiles:
    """Files under a URL, such as `gs://...`, where there are no links."""

    def entries(self, folder: str) -> list[Entry]:
        """Lists the files and folders in a folder."""
        try:
            _, folders, files = next(tf.io.gfile.walk(folder, onerror=_refuse))
        except tf.errors.OpError as error:
            raise OSError(None, error.message, folder) from error
        below = [(name.rstrip("/"), True) for name in folders] + [(name, False) for name in files]
        return [Entry(name, os.path.join(folder, name), is_folder) for name, is_folder in below if name[0] != "."]

    def identity(self, folder: str) -> str:
        """Returns the URL of a folder."""
        return folder.rstrip("/")

    def size(self, path: str) -> int:
        """Returns the size of a file in bytes."""
        try:
            return int(tf.io.gfile.stat(path).length)
        except tf.errors.OpError as error:
            raise OSError(None, error.message, path) from error

    def read(self, path: str) -> bytes:
        """Returns the bytes of a file."""
        try:
            with tf.io.gfile.GFile(path, "rb") as file:
                return file.read()
        except tf.errors.OpError as error:
            raise OSError(None, error.message, path) from error


def file_system(path: str) -> FileSystem:
    """Returns the file system of a path."""
    return RemoteFiles() if "://" in path else LocalFiles()


def is_file(path: str) -> bool:
    """Tells whether a path is a file. Local names need not be UTF-8, which TensorFlow would require."""
    return tf.io.gfile.exists(path) and not tf.io.gfile.isdir(path) if "://" in path else os.path.isfile(path)


def is_folder(path: str) -> bool:
    """Tells whether a path is a folder."""
    return bool(tf.io.gfile.isdir(path)) if "://" in path else os.path.isdir(path)


def _refuse(error: tf.errors.OpError) -> None:
    raise error


class FolderSource:
    """Image files under a folder, sorted by their path in it.

    Elements: `image`; `key`, the path below the folder; and, if every image lies in a sub-folder, `label`, the number
    of the sub-folder of its class, or -1 in that of images without a label.

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

    by_batch = False

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
        self._table = {"key": np.array([key.encode() for key in keys], object)}
        numbers = classes.numbers(keys)
        self.class_names = classes.class_names if numbers is not None else None
        if numbers is not None:
            self._table["label"] = np.asarray(numbers, np.int64)
        described: list[Any] = [[key, self._size(number, strict)] for number, key in enumerate(keys)]
        own = sorted({label for label in map(classes.class_of, keys) if label is not None})
        if numbers is not None and list(classes.class_names) != own:
            described.append({"class_names": list(classes.class_names)})  # the same folder has other numbers
        self.identity = hashlib.sha256(json.dumps(described).encode()).hexdigest()
        self._names = ["image", *self._table] if names is None else list(names)
        require_names(self._names, ["image", *self._table])
        text, number = tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64)
        stored = {"image": (text, number), "key": (text,), "label": (number,)}
        decoded = {"image": tf.TensorSpec((None, None, 3), tf.uint8), "key": text, "label": number}
        self.stored = tuple(spec for name in self._names for spec in stored[name])
        self.decoded: dict[str, Any] | None = {name: decoded[name] for name in self._names}

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns the bytes of the files and their numbers, the keys and the labels: what is asked for."""
        columns: list[np.ndarray] = []
        for name in self._names:
            if name == "image":
                columns += [np.array([self._read(number) for number in map(int, ids)], object), ids]
            else:
                columns.append(self._table[name][ids])
        return columns

    def labels(self, name: str) -> np.ndarray:
        """Returns the numbers of the images' sub-folders."""
        if name != "label" or name not in self._table:
            raise ValueError(f"A folder has 'label', where all its images lie in sub-folders. Received: {name!r}")
        return self._table["label"]

    def names(self) -> list[str]:
        """Returns the paths of the images below the folder, without their extensions."""
        return [os.path.splitext(key.decode())[0] for key in self._table["key"]]

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

    def _pixels(self, encoded: bytes, number: np.integer) -> np.ndarray:
        try:
            return decode_image(encoded)[0]
        except Exception as error:  # whatever the decoder raises, the message must name the file
            raise ValueError(f"Cannot decode {self.title(int(number))}: {error}") from error

    def decode(self, stored: Sequence[Any]) -> dict[str, Any]:
        """Decodes one image file."""
        left = iter(stored)
        return {name: self._pixels(next(left), next(left)) if name == "image" else next(left) for name in self._names}


def unreadable(title: str, error: OSError) -> ValueError:
    """Returns the error to raise for a file that cannot be read."""
    return ValueError(f"Cannot read {title}: {error.strerror or error}")


def open_folder(
    folder: str,
    split: str,
    features: Sequence[str] | None,
    class_names: Sequence[str] | None,
    unlabelled: str | None,
    strict: bool,
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
    classes = ClassFolders([file.name for file in files], class_names, unlabelled)
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


class FrameFolders:
    """A folder of folders, each with the frames of one film: a source of `data.load`.

    Frames are sorted by file name, with numbers compared as numbers: `f9.png` comes before `f10.png`.
    `ffmpeg -i film.mp4 films/film/%06d.jpg` writes such a folder. Elements: `frames`, uint8
    `(num, height, width, 3)`, and `key`, the path of the film's folder. Films may have different lengths and sizes;
    the frames of one film have one size.

    Args:
        folder: searched recursively for folders that hold images, as `data.load` searches one.
        every: take only each `every`-th frame of a film, at least 1.
        least: leave out films with fewer frames, at least 1.

    Raises:
        ValueError: if an argument is outside its range.
        FileNotFoundError: if there is no film.

    Warns:
        UserWarning: if films lie in sub-folders named like splits; all of them are read.

    Example:

        films = kg.data.FrameFolders("films/", every=2, least=20)
        tuples = kg.data.load(films, batch_size=32, transform=kg.pretext.frame_order)
    """

    stored = (tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64), tf.TensorSpec((), tf.string))
    by_batch = False

    def __init__(self, folder: str | os.PathLike[str], every: int = 1, least: int = 1) -> None:
        for name, value in (("every", every), ("least", least)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"`{name}` must be an integer of at least 1. Received: {name}={value!r}")
        root = os.path.expanduser(os.fspath(folder))
        self._system = file_system(root)
        folders: dict[str, list[ImageFile]] = collections.defaultdict(list)
        if is_folder(root):
            for file in find_images(root, files=self._system)[0]:
                folders[file.name.rpartition("/")[0] or "."].append(file)
        splits = ClassFolders([f"{key}/" for key in folders]).splits
        if splits:
            warnings.warn(
                f"{printable(root)}: the films of {', '.join(splits)}, which are called like splits, are read "
                "together; give one of these folders to read it alone.",
                stacklevel=2,
            )
        films = {}
        for key, frames in sorted(folders.items()):
            frames = sorted(frames, key=lambda file: natural_order(os.path.splitext(file.name)[0]))[::every]
            if len(frames) >= least:
                films[key] = [frame.path for frame in frames]
        if not films:
            raise FileNotFoundError(
                f"`folder` must hold folders of at least {least} frames ({', '.join(EXTENSIONS)}). "
                f"Received: {printable(root)}"
            )
        self.decoded: dict[str, Any] | None = {
            "frames": tf.TensorSpec((None, None, None, 3), tf.uint8),
            "key": tf.TensorSpec((), tf.string),
        }
        self._films = films
        self._keys = list(films)
        self.class_names: tuple[str, ...] | None = None
        sizes = [[key, [self._size(file) for file in files]] for key, files in films.items()]
        self.identity = hashlib.sha256(json.dumps(sizes).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._keys)

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns the bytes of each film (the number of its frames, their lengths, then the frames), number and key."""
        encoded = []
        for number in map(int, ids):
            frames = []
            for file in self._films[self._keys[number]]:
                try:
                    frames.append(self._system.read(file))
                except OSError as error:
                    raise unreadable(f"the frame {printable(file)}", error) from error
            header = np.array([len(frames), *map(len, frames)], np.int64)
            encoded.append(header.tobytes() + b"".join(frames))
        keys = [self._keys[number].encode() for number in map(int, ids)]
        return [np.array(encoded, object), ids, np.array(keys, object)]

    def decode(self, stored: Sequence[Any]) -> dict[str, Any]:
        """Decodes one film."""
        encoded, number, key = stored
        return {"frames": self._pixels(encoded, int(number)), "key": key}

    def labels(self, name: str) -> np.ndarray:
        """Raises a `ValueError`: films have no labels."""
        raise ValueError(f"Folders of frames have no labels. Received: {name!r}")

    def names(self) -> list[str]:
        """Returns the paths of the films' folders."""
        return self._keys

    def title(self, number: int) -> str:
        """Returns the folder of a film, after the words `the film`."""
        return f"the film {printable(os.path.dirname(self._films[self._keys[number]][0]))}"

    def _size(self, file: str) -> int | None:
        try:
            return self._system.size(file)
        except OSError:
            return None  # the film is refused or skipped when it is read

    def _pixels(self, data: bytes, number: int) -> np.ndarray:
        count = int(np.frombuffer(data, np.int64, 1)[0])
        ends = 8 * (count + 1) + np.cumsum(np.frombuffer(data, np.int64, count, 8))
        starts = [8 * (count + 1), *ends[:-1]]
        files = self._films[self._keys[number]]
        frames: list[np.ndarray] = []
        for file, start, end in zip(files, starts, ends, strict=True):
            try:
                frames.append(decode_image(data[start:end])[0])
            except Exception as error:  # whatever the decoder raises, the message must name the file
                raise ValueError(f"Cannot decode the frame {printable(file)}: {error}") from error
            if frames[-1].shape != frames[0].shape:
                raise ValueError(
                    f"The frames of a film must have one size. Received: {printable(files[0])} of shape "
                    f"{frames[0].shape}, {printable(file)} of {frames[-1].shape}"
                )
        return np.stack(frames)
