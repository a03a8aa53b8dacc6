"""Domains to translate between: drawings, and pairs that are none."""

import hashlib
from typing import Any

import numpy as np

from keras_genssl.pretext.resize import check_image

_LUMA = (0.299, 0.587, 0.114)  # BT.601


def edge_drawing(image: np.ndarray, thickness: int = 2, threshold: float = 48.0) -> np.ndarray:
    """Draw the edges of an image in thick white lines on black.

    A pixel is an edge where the gradient of the luma is at least `threshold` levels of 8 bits a pixel. The
    gradient is Sobel's (weights 1 2 1 across, central difference along, divided by 8, so that a ramp of g levels
    a pixel has gradient g), the border repeated. Each edge pixel is then drawn as a square of `thickness` pixels
    a side, which reaches one pixel further down and right than up and left where `thickness` is even.

    Args:
        image: uint8 array (height, width, 1 or 3).
        thickness: side of the square drawn for an edge pixel, at least 1. A step in the image is two edge pixels
            wide, so its line is `thickness + 1` wide.
        threshold: smallest gradient of an edge, positive, in levels of 8 bits per pixel.

    Returns:
        uint8 array of the same shape, 255 on lines and 0 elsewhere, equal in all channels.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> step = np.repeat(np.uint8([[[0], [0], [0], [200], [200], [200]]]), 3, axis=0)
        >>> edge_drawing(step, thickness=1)[1, :, 0].tolist()
        [0, 0, 255, 255, 0, 0]
    """
    image = check_image(image)
    if isinstance(thickness, bool) or not isinstance(thickness, (int, np.integer)) or thickness < 1:
        raise ValueError(f"`thickness` must be an integer of at least 1. Received: thickness={thickness!r}")
    if isinstance(threshold, bool) or not threshold > 0:
        raise ValueError(f"`threshold` must be positive. Received: threshold={threshold!r}")
    luma = image[..., 0].astype(np.float64) if image.shape[-1] == 1 else image @ np.array(_LUMA)
    padded = np.pad(luma, 1, mode="edge")
    across = padded[:-2] + 2 * padded[1:-1] + padded[2:]  # smoothed down the columns
    down = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    gradient = np.hypot(across[:, 2:] - across[:, :-2], down[2:] - down[:-2]) / 8
    lines = _dilated(gradient >= threshold, int(thickness))
    return np.repeat(np.where(lines, np.uint8(255), np.uint8(0))[..., np.newaxis], image.shape[-1], axis=-1)


def drawn_pair(example: dict[str, Any], seed: int = 0, thickness: int = 2, threshold: float = 48.0) -> dict[str, Any]:
    """Pair an image with its drawing, for a translation from drawings to photographs.

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3).
        seed: not used; a transform of `data.load` takes one.
        thickness, threshold: see `edge_drawing`.

    Returns:
        "source", the drawing, and "target", the image: uint8 (height, width, channels). Nothing else.

    Example:
        >>> pair = drawn_pair({"image": np.zeros((8, 8, 1), np.uint8), "label": 3})
        >>> sorted(pair), int(pair["source"].max())
        (['source', 'target'], 0)
    """
    del seed
    return {"source": edge_drawing(example["image"], thickness, threshold), "target": example["image"]}


def _dilated(mask: np.ndarray, side: int) -> np.ndarray:
    """Returns a mask with each pixel grown to a square."""
    before = (side - 1) // 2
    height, width = mask.shape
    padded = np.pad(mask, ((side - 1 - before, before), (side - 1 - before, before)))
    rows = np.any([padded[shift : shift + height] for shift in range(side)], axis=0)
    return np.any([rows[:, shift : shift + width] for shift in range(side)], axis=0)


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
