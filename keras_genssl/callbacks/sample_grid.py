"""Samples of one set of latents through the whole training."""

import os
from collections.abc import Sequence

import numpy as np

from keras_genssl.callbacks.image_sheet import ImageSheet
from keras_genssl.callbacks.periodic import checked_labels


class SampleGrid(ImageSheet):
    """Write a sheet of samples after epochs, always of the same latents: what changes is the model.

    The model answers ``sample(num_images, seed=...)``, and a conditional one ``labels=...``.

    Args:
        directory: where ``epoch-0001.png`` and so on are written, made when missing.
        num_images: images on a sheet, positive.
        every: epochs between sheets; the last epoch has one too.
        seed: of the latents.
        labels: integers ``(num_images,)`` for a conditional model; None: the model's own choice.
        columns: images in a row; None: about as many as rows.
        log_dir: directory of TensorBoard's event files; None: none are written.

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
        self.num_images, self.seed, self.labels = num_images, seed, checked_labels(labels, num_images)

    def draw(self) -> np.ndarray:
        """The samples."""
        if self.labels is None:
            return np.asarray(self.model.sample(self.num_images, seed=self.seed))
        return np.asarray(self.model.sample(self.num_images, seed=self.seed, labels=self.labels))
