"""Access to remote file systems through TensorFlow, for the walk over image files."""

import os

import tensorflow as tf

from keras_genssl.pretext.image_files import Entry, FileSystem, LocalFiles


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
