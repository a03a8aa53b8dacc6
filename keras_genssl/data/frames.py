"""Films that lie as folders of frames."""

import collections
import hashlib
import json
import os
import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.folders import unreadable
from keras_genssl.data.remote import file_system, is_folder
from keras_genssl.pretext import EXTENSIONS, decode_image
from keras_genssl.pretext.class_folders import ClassFolders
from keras_genssl.pretext.image_files import ImageFile, find_images, printable
from keras_genssl.pretext.natural_order import natural_order


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
        self._films = films
        self._keys = list(films)
        self.class_names: tuple[str, ...] | None = None
        sizes = [[key, [self._size(file) for file in files]] for key, files in films.items()]
        self.identity = hashlib.sha256(json.dumps(sizes).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._keys)

    def read(self, ids: np.ndarray) -> list[bytes]:
        """Returns the bytes of each film: the number of its frames, their lengths, then the frames."""
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
        return encoded

    def decode(self, encoded: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decodes one film."""
        frames = tf.numpy_function(self._pixels, [encoded, number], tf.uint8, stateful=False)
        return {"frames": tf.ensure_shape(frames, (None, None, None, 3)), "key": tf.constant(self._keys)[number]}

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

    def _pixels(self, encoded: Any, number: np.ndarray) -> np.ndarray:
        data = encoded if isinstance(encoded, bytes) else encoded.item()
        count = int(np.frombuffer(data, np.int64, 1)[0])
        ends = 8 * (count + 1) + np.cumsum(np.frombuffer(data, np.int64, count, 8))
        starts = [8 * (count + 1), *ends[:-1]]
        files = self._films[self._keys[int(number)]]
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
