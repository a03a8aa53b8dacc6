"""Parts and looks of an image, for examples that are more than, or differ from, the picture in a file."""

import numpy as np

from keras_genssl.pretext.domains import edge_drawing
from keras_genssl.pretext.resize import grey

# Each row makes a channel from all three. Dusk removes green and blue, and red follows the brightness.
_DUSK = np.array([[0.75, 0.35, 0.10], [0.20, 0.45, 0.05], [0.10, 0.15, 0.35]])


def whole(image: np.ndarray) -> np.ndarray:
    """Returns the image unchanged. All functions here take and return uint8 (height, width, 3)."""
    return image


def left_half(image: np.ndarray) -> np.ndarray:
    """Returns the left half; of an odd width neither half has the middle column.

    Raises:
        ValueError: the image is one pixel wide.
    """
    return image[:, : _half(image)]


def right_half(image: np.ndarray) -> np.ndarray:
    """Returns the right half, as wide as the left one.

    Raises:
        ValueError: the image is one pixel wide.
    """
    return image[:, -_half(image) :]


def _half(image: np.ndarray) -> int:
    if image.shape[1] < 2:
        raise ValueError("an image that holds two side by side must be at least 2 pixels wide")
    return image.shape[1] // 2


def sunset(image: np.ndarray) -> np.ndarray:
    """Returns the scene at dusk: channels are mixed to warm and dark ones, which changing levels alone cannot do."""
    mixed = image.astype(np.float64) @ _DUSK.T
    return np.rint(255.0 * (mixed.clip(0, 255) / 255.0) ** 1.2).astype(np.uint8)


def drawing(image: np.ndarray) -> np.ndarray:
    """Returns the edges, two pixels thick."""
    return edge_drawing(image)


LOOKS = {"grey": grey, "sunset": sunset, "drawing": drawing}
