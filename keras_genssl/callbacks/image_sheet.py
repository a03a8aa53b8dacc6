"""Pictures of what a model makes, on disk and in TensorBoard."""

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
    """Base of callbacks that lay a model's images out on a sheet: ``epoch-0001.png``, ``epoch-0002.png`` ...

    A subclass returns the images from `draw`. Files appear whole or not at all; one of the same epoch is replaced,
    so that a run which is killed and resumed leaves the sheets of one that was not.

    Args:
        directory: where sheets are written, made when missing.
        every: epochs between sheets; the last epoch has one too.
        columns: images in a row; None: about as many as rows.
        log_dir: directory of TensorBoard's event files, where the sheet appears under ``tag``, beside those of
            `keras.callbacks.TensorBoard`; None: none are written. TensorBoard itself is needed only to look at them.
        tag: letters, digits, ``_``, ``-`` and ``/``.

    Class attributes:
        animated: whether the images are the frames of a film as well, written as GIF.

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
        """Images of ``self.model``, ``(num, h, w, 1 or 3)``, uint8 or float in [-1, 1]."""
        raise NotImplementedError

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Draw, and write the sheet."""
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
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _show(self, log_dir: pathlib.Path, encoded: bytes, shape: tuple[int, ...], step: int) -> None:
        # `tf.summary.image` asks for TensorBoard where it writes; the record itself needs none.
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
    """One picture, or the frames of a film that starts again at its end."""
    pictures = [Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in frames]
    buffer = io.BytesIO()
    if len(pictures) == 1:
        pictures[0].save(buffer, file_format)
    else:
        # 80 milliseconds a frame; Pillow shows equal frames as one, for as long as all of them.
        pictures[0].save(buffer, file_format, save_all=True, append_images=pictures[1:], duration=80, loop=0)
    return buffer.getvalue()


def _publish(content: bytes, path: pathlib.Path) -> None:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    part.write_bytes(content)
    os.replace(part, path)
