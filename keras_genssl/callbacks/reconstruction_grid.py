"""Sheets of the same images and their reconstructions during training."""

import os
from typing import Any

import numpy as np

from keras_genssl.analysis.image_grid import to_uint8
from keras_genssl.callbacks.image_sheet import ImageSheet
from keras_genssl.checks import image_arrays


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
        images = image_arrays.signed(self.images)
        pairs = np.stack([self.images, to_uint8(self.model.reconstruct(images))], axis=1)
        return pairs.reshape(-1, *self.images.shape[1:])
