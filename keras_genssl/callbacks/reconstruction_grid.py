"""The same images, as a model gives them back, through the whole training."""

import os
from typing import Any

import numpy as np

from keras_genssl.analysis.image_grid import to_uint8
from keras_genssl.callbacks.image_sheet import ImageSheet
from keras_genssl.checks import image_arrays


class ReconstructionGrid(ImageSheet):
    """Write a sheet of images after epochs, each beside what the model's ``reconstruct(images)`` makes of it.

    Args:
        directory: where ``epoch-0001.png`` and so on are written, made when missing.
        images: ``(num, h, w, 1 or 3)``, uint8 or float in [-1, 1].
        every: epochs between sheets; the last epoch has one too.
        columns: pairs in a row, positive.
        log_dir: directory of TensorBoard's event files; None: none are written.

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
        """Images and reconstructions, in turns."""
        images = image_arrays.signed(self.images)
        pairs = np.stack([self.images, to_uint8(self.model.reconstruct(images))], axis=1)
        return pairs.reshape(-1, *self.images.shape[1:])
