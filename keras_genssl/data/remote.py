"""Remote file systems that TensorFlow reads, for the walk over image files."""

import dataclasses
import os
from collections.abc import Iterable

import tensorflow as tf

from keras_genssl.pretext.image_files import FileSystem, LocalFiles


@dataclasses.dataclass(frozen=True)
class RemoteEntry:
    """What a remote folder holds under a name; there are no links."""

    name: str
    path: str
    folder: bool

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self.folder

    def is_symlink(self) -> bool:
        """It is none."""
        return False


class RemoteFiles:
    """Files under a URL, `gs://...`."""

    def entries(self, folder: str) -> Iterable[RemoteEntry]:
        """What a folder holds."""
        try:
            _, folders, files = next(tf.io.gfile.walk(folder, onerror=_refuse))
        except tf.errors.OpError as error:
            raise OSError(None, error.message, folder) from error
        below = [(name.rstrip("/"), True) for name in folders] + [(name, False) for name in files]
        return [RemoteEntry(name, os.path.join(folder, name), is_folder) for name, is_folder in below]

    def identity(self, folder: str) -> str:
        """The URL."""
        return folder.rstrip("/")

    def size(self, path: str) -> int:
        """How many bytes a file has."""
        try:
            return int(tf.io.gfile.stat(path).length)
        except tf.errors.OpError as error:
            raise OSError(None, error.message, path) from error

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        try:
            with tf.io.gfile.GFile(path, "rb") as file:
                return file.read()
        except tf.errors.OpError as error:
            raise OSError(None, error.message, path) from error


def file_system(path: str) -> FileSystem:
    """Where a path leads."""
    return RemoteFiles() if "://" in path else LocalFiles()


def is_file(path: str) -> bool:
    """Whether there is a file; the names of local ones need not be UTF-8, which TensorFlow asks for."""
    return tf.io.gfile.exists(path) and not tf.io.gfile.isdir(path) if "://" in path else os.path.isfile(path)


def is_folder(path: str) -> bool:
    """Whether there is a folder."""
    return bool(tf.io.gfile.isdir(path)) if "://" in path else os.path.isdir(path)


def _refuse(error: tf.errors.OpError) -> None:
    raise error
