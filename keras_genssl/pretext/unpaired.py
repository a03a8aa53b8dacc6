"""Unpaired images of two domains."""

import hashlib
from typing import Any

import numpy as np


class Unpaired:
    """Combine the image of an example with a random image of a second domain.

    A transform of `data.load`: an epoch sees each image of the first domain once, and as many draws from the
    second domain, with replacement, like CycleGAN's data set of unaligned images. The draw depends only on the seed, so
    an interrupted run continues exactly.

    Args:
        second: the second domain's images, uint8 array (num_images, height, width, channels).

    Raises:
        ValueError: if `second` is not such an array or is empty.

    Example:
        >>> drawings = np.zeros((5, 8, 8, 1), np.uint8)
        >>> sorted(Unpaired(drawings)({"image": np.ones((8, 8, 3), np.uint8), "label": 4}, seed=0))
        ['first', 'second']
    """

    def __init__(self, second: np.ndarray) -> None:
        second = np.asarray(second)
        if second.dtype != np.uint8 or second.ndim != 4 or not len(second):
            raise ValueError(
                "`second` must be a uint8 array (num_images, height, width, channels) of at least one image. "
                f"Received: dtype={second.dtype}, shape={second.shape}"
            )
        self.second = np.ascontiguousarray(second)
        digest = hashlib.sha256(f"{second.shape};".encode() + self.second.tobytes()).hexdigest()
        self.__qualname__ = f"Unpaired[{digest}]"  # `data.load` distinguishes transforms by it

    def __call__(self, example: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
        """Pair an example up.

        Args:
            example: a dict whose "image" is of the first domain, uint8 (height, width, channels).
            seed: non-negative integer. Equal seeds give equal draws.

        Returns:
            "first" and "second": uint8 arrays (height, width, channels). Nothing else of the example.
        """
        drawn = int(np.random.default_rng(seed).integers(len(self.second)))
        return {"first": example["image"], "second": self.second[drawn]}
