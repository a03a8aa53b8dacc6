"""Pictures during `fit`: samples, reconstructions, walks through the latent space."""

import io
import os
import pathlib
import re
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_genssl.analysis.batches import decode_codes, encode_images
from keras_genssl.analysis.image_grid import image_grid, to_uint8
from keras_genssl.analysis.interpolation import lerp, morph, slerp
from keras_genssl.callbacks.periodic import Periodic, labels_to_sample, undisturbed
from keras_genssl.checks import arrays
from keras_genssl.checks.arrays import checked_labels


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


class SampleGrid(ImageSheet):
    """Writes a sheet of samples after epochs, always from the same latents, so that only the model changes.

    The model needs ``sample(num_images, seed=...)``; a conditional model also takes ``labels=...``.

    Args:
        directory: directory of ``epoch-0001.png`` and so on, made if missing.
        num_images: images on a sheet, positive.
        every: epochs between sheets. The last epoch always has a sheet.
        seed: seed of the latents.
        labels: integers ``(num_images,)`` for a conditional model; None lets the model choose.
        columns: images in a row; None for about as many as rows.
        log_dir: directory of TensorBoard's event files; None to write none.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        gan.fit(images, epochs=20, callbacks=[kg.callbacks.SampleGrid("out/samples", every=5)])
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        num_images: int = 64,
        every: int = 1,
        seed: int = 0,
        labels: Sequence[int] | None = None,
        columns: int | None = None,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(directory, every, columns, log_dir, "samples")
        if num_images < 1:
            raise ValueError(f"`num_images` must be positive. Received: num_images={num_images}")
        self.num_images, self.seed, self.labels = num_images, seed, labels_to_sample(labels, num_images)

    def draw(self) -> np.ndarray:
        """Returns the samples."""
        if self.labels is None:
            return np.asarray(self.model.sample(self.num_images, seed=self.seed))
        return np.asarray(self.model.sample(self.num_images, seed=self.seed, labels=self.labels))


class ReconstructionGrid(ImageSheet):
    """Writes a sheet of images after epochs, each next to its reconstruction by the model's ``reconstruct(images)``.

    Args:
        directory: directory of ``epoch-0001.png`` and so on, made if missing.
        images: ``(num, h, w, 1 or 3)``, uint8 or float in [-1, 1].
        every: epochs between sheets. The last epoch always has a sheet.
        columns: pairs in a row, positive.
        log_dir: directory of TensorBoard's event files; None to write none.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        model.fit(images, epochs=20, callbacks=[kg.callbacks.ReconstructionGrid("out/pairs", held_out[:32])])
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        images: Any,
        every: int = 1,
        columns: int = 4,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        if columns < 1:
            raise ValueError(f"`columns` must be positive. Received: columns={columns}")
        super().__init__(directory, every, 2 * columns, log_dir, "reconstructions")
        self.images = to_uint8(images)

    def draw(self) -> np.ndarray:
        """Returns images and reconstructions, alternating."""
        images = arrays.signed(self.images)
        pairs = np.stack([self.images, to_uint8(self.model.reconstruct(images))], axis=1)
        return pairs.reshape(-1, *self.images.shape[1:])


_BATCH = 64  # images generated at a time


class LatentWalk(ImageSheet):
    """Writes images on a walk between fixed latents after epochs: ``epoch-0001.png``, a row for each leg, and a GIF.

    The walk is closed: the last leg leads back to the first latent, so the film can loop. Without ``images`` the
    latents are normal draws for the model's ``generate(latents)``, or ``decode(codes)``, and the legs are arcs, which
    keep the typical length of such latents (White, 2016). With ``images`` the walk leads in straight lines between the
    codes ``encode(images)``, shown by ``decode``. If ``generate`` takes noise besides (the model has a ``noise_dim``),
    all images have the same. Before training one image is made, so that an error stops a run at once.

    Reference:
        - White 2016, [Sampling Generative Networks](https://arxiv.org/abs/1609.04468)

    Args:
        directory: directory of the files, made if missing.
        num_points: number of latents to visit, at least 2.
        steps: images of a leg, positive. The end of a leg is the start of the next.
        every: epochs between walks. The last epoch always has a walk.
        seed: seed of the latents.
        images: ``(num, h, w, c)``, uint8 or float in [-1, 1], at least 2, to walk between; None for ``num_points``
            random latents.
        latent_dim: size of the latents; None for the model's ``latent_dim``.
        label: label of all images, for a conditional ``generate(latents, labels)``; None for an unconditional model.
        log_dir: directory of TensorBoard's event files; None to write none.

    Raises:
        ValueError: if an argument is invalid; before training, if the model lacks a function that the walk needs.

    Example:

        gan.fit(images, epochs=20, callbacks=[kg.callbacks.LatentWalk("out/walk", num_points=6, every=5)])
    """

    animated: ClassVar[bool] = True

    def __init__(
        self,
        directory: str | os.PathLike[str],
        num_points: int = 8,
        steps: int = 12,
        every: int = 1,
        seed: int = 0,
        images: Any = None,
        latent_dim: int | None = None,
        label: int | None = None,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        if steps < 1:
            raise ValueError(f"`steps` must be positive. Received: steps={steps}")
        super().__init__(directory, every, steps, log_dir, "walk")
        self.images = None if images is None else to_uint8(images)
        num_points = num_points if self.images is None else len(self.images)
        if num_points < 2:
            raise ValueError(f"`num_points` must be at least 2, and so must images. Received: {num_points}")
        if latent_dim is not None and latent_dim < 1:
            raise ValueError(f"`latent_dim` must be positive. Received: latent_dim={latent_dim}")
        self.num_points, self.steps, self.seed = num_points, steps, seed
        self.latent_dim = latent_dim
        self.label = None if label is None else int(checked_labels([label], "label", 1, names=False)[0])

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Makes one image of the walk, or raises what would stop the first sheet."""
        has = {name: hasattr(self.model, name) for name in ("encode", "decode", "generate", "latent_dim")}
        name = type(self.model).__name__
        if self.images is not None and not (has["encode"] and (has["decode"] or self._noise_dim)):
            raise ValueError(f"LatentWalk between images needs a model with `encode` and `decode`. Received: {name}")
        if self.images is None and not (has["generate"] or has["decode"]):
            raise ValueError(f"LatentWalk needs a model with `generate` or `decode`. Received: {name}")
        if self.images is None and not (has["latent_dim"] or self.latent_dim):
            raise ValueError(f"`latent_dim` must be given for a model that does not tell it. Received: {name}")
        with undisturbed(self.model):
            if self.images is None:
                decode_codes(self._generate, self._points()[:1])
            else:
                decode_codes(self._decode, encode_images(self.model.encode, self.images[:1]))

    def draw(self) -> np.ndarray:
        """Returns the images of the walk, leg by leg."""
        if self.images is not None:
            return morph(self.model.encode, self._decode, self.images, self.steps, lerp, True, _BATCH)
        points = self._points()
        dim = points.shape[1]
        path = slerp if dim > 1 else lerp  # in one dimension there are no arcs
        codes = path(points, np.roll(points, -1, axis=0), np.arange(self.steps) / self.steps)
        return decode_codes(self._generate, codes.reshape(-1, dim), _BATCH)

    def _points(self) -> np.ndarray:
        dim = self.latent_dim or self.model.latent_dim
        return np.random.default_rng(self.seed).normal(size=(self.num_points, dim))

    def _decode(self, codes: np.ndarray) -> Any:
        return self._generate(codes) if self._noise_dim else self.model.decode(codes)

    def _generate(self, latents: np.ndarray) -> Any:
        if not hasattr(self.model, "generate"):
            return self.model.decode(latents)
        others: list[np.ndarray] = []
        if self._noise_dim:
            noise = np.random.default_rng([self.seed, 1]).standard_normal((1, self._noise_dim), np.float32)
            others.append(np.repeat(noise, len(latents), axis=0))
        if self.label is not None:
            others.append(np.full(len(latents), self.label, np.int64))
        return self.model.generate(latents, *others)

    @property
    def _noise_dim(self) -> int | None:
        return getattr(self.model, "noise_dim", None)
