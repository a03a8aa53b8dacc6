"""Sheets of samples of the same latents during training."""

import os
from collections.abc import Sequence

import numpy as np

from keras_genssl.callbacks.image_sheet import ImageSheet
from keras_genssl.callbacks.periodic import checked_labels


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
        self.num_images, self.seed, self.labels = num_images, seed, checked_labels(labels, num_images)

    def draw(self) -> np.ndarray:
        """Returns the samples."""
        if self.labels is None:
            return np.asarray(self.model.sample(self.num_images, seed=self.seed))
        return np.asarray(self.model.sample(self.num_images, seed=self.seed, labels=self.labels))
