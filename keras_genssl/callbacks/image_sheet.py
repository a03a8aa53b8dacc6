"""Sheets of a model's images, on disk and in TensorBoard."""

import io
import os
import pathlib
import re
import uuid
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_genssl.analysis.image_grid import image_grid, to_uint8
from keras_genssl.callbacks.periodic import Periodic


class ImageSheet(Periodic):
    """Base of callbacks that write a model's images as sheets: ``epoch-0001.png``, ``epoch-0002.png`` ...

    A subclass returns the images from `draw`. A file is written completely or not at all. A file of the same epoch is
    replaced, so a run that is killed and resumed leaves the same sheets as an uninterrupted one.

    Args:
        directory: directory of the sheets, made if missing.
        every: epochs between sheets. The last epoch always has a sheet.
        columns: images in a row; None for about as many as rows.
        log_dir: directory of TensorBoard's event files, for example that of `keras.callbacks.TensorBoard`. The sheet
            appears there under ``tag``. None writes no event files. TensorBoard is needed only to view them.
        tag: letters, digits, ``_``, ``-`` and ``/``.

    Class attributes:
        animated: whether the images are also written as the frames of a GIF film.

    Raises:
        ValueError: if an argument is invalid.
    """

    animated: ClassVar[bool] = False

    def __init__(
        self,
        directory: str | os.PathLike[str],
        every: int = 1,
        columns: int | None = None,
        log_dir: str | os.PathLike[str] | None = None,
        tag: str = "samples",
    ) -> None:
        super().__init__(every)
        if columns is not None and columns < 1:
            raise ValueError(f"`columns` must be positive or None. Received: columns={columns}")
        if not re.fullmatch(r"[\w/-]+", tag):
            raise ValueError(f"`tag` must be letters, digits, _, - and /. Received: tag={tag!r}")
        self.directory = pathlib.Path(directory)
        self.log_dir = None if log_dir is None else pathlib.Path(log_dir)
        self.columns, self.tag = columns, tag
        self._writer: tf.summary.SummaryWriter | None = None

    def draw(self) -> np.ndarray:
        """Returns images of ``self.model``, ``(num, h, w, 1 or 3)``, uint8 or float in [-1, 1]."""
        raise NotImplementedError

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Draws and writes the sheet."""
        images = to_uint8(self.draw())
        if not self.is_chief:
            return
        sheet = image_grid(images, self.columns)
        encoded = _encode([sheet], "PNG")
        self.directory.mkdir(parents=True, exist_ok=True)
        _publish(encoded, self.directory / f"epoch-{epoch:04d}.png")
        if self.animated:
            _publish(_encode(list(images), "GIF"), self.directory / f"epoch-{epoch:04d}.gif")
        if self.log_dir is not None:
            # Keras' own TensorBoard callback counts epochs from 0.
            self._show(self.log_dir, encoded, sheet.shape, epoch - 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Closes the event file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _show(self, log_dir: pathlib.Path, encoded: bytes, shape: tuple[int, ...], step: int) -> None:
        # `tf.summary.image` needs TensorBoard to be installed; writing the record directly does not.
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(os.fspath(log_dir))
        metadata = tf.compat.v1.SummaryMetadata()
        metadata.plugin_data.plugin_name = "images"
        metadata.data_class = 3  # DATA_CLASS_BLOB_SEQUENCE
        height, width = shape[:2]
        with self._writer.as_default():
            tf.summary.write(self.tag, tf.constant([str(width), str(height), encoded]), step, metadata)
        self._writer.flush()


def _encode(frames: list[np.ndarray], file_format: str) -> bytes:
    """Encodes one picture, or the frames of a film that repeats."""
    pictures = [Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in frames]
    buffer = io.BytesIO()
    if len(pictures) == 1:
        pictures[0].save(buffer, file_format)
    else:
        # 80 milliseconds a frame. Pillow merges equal frames into one that lasts as long as all of them.
        pictures[0].save(buffer, file_format, save_all=True, append_images=pictures[1:], duration=80, loop=0)
    return buffer.getvalue()


def _publish(content: bytes, path: pathlib.Path) -> None:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    part.write_bytes(content)
    os.replace(part, path)
