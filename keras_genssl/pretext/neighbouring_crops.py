"""Neighbouring context: two places of one image as two views of it."""

from typing import Any

import numpy as np

from keras_genssl.pretext.crops import integers
from keras_genssl.pretext.resize import check_image


def neighbouring_crops(
    example: dict[str, Any], seed: int, size: int = 64, min_distance: int = 64, max_distance: int = 96
) -> dict[str, Any]:
    """Cut two nearby squares from an image as two views, without any other augmentation.

    The distance is the larger of the steps down and right from the one to the other (Chebyshev), so that squares at a
    distance of `size` or more do not overlap. All pairs of squares at an allowed distance are equally likely.

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), each side at least `size`, the longer one at
            least `size + min_distance`.
        seed: non-negative integer. Equal seeds give equal draws.
        size: height and width of a square, positive.
        min_distance: smallest distance in pixels, at least 0.
        max_distance: largest distance in pixels, at least `min_distance`.

    Returns:
        "first" and "second": uint8 (size, size, channels). Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> row = np.arange(6, dtype=np.uint8).reshape(1, 6, 1)
        >>> pair = neighbouring_crops({"image": row}, seed=0, size=1, min_distance=5, max_distance=9)
        >>> sorted([pair["first"].item(), pair["second"].item()])
        [0, 5]
    """
    integers(1, size=size)
    integers(0, min_distance=min_distance)
    if isinstance(max_distance, bool) or not isinstance(max_distance, (int, np.integer)) or max_distance < min_distance:
        raise ValueError(
            f"`max_distance` must be an integer of at least `min_distance`={min_distance}. "
            f"Received: max_distance={max_distance!r}"
        )
    image = check_image(example["image"])
    height, width = image.shape[:2]
    room = np.array([height - size, width - size])
    if room.min() < 0 or room.max() < min_distance:
        raise ValueError(
            f'`example["image"]` must be at least `size` = {size} pixels a side, and `size + min_distance` = '
            f"{size + min_distance} the longer one. Received: height={height}, width={width}"
        )
    rng = np.random.default_rng(seed)
    down, right = (np.arange(-reach, reach + 1) for reach in np.minimum(room, max_distance))
    far = np.maximum(np.abs(down)[:, np.newaxis], np.abs(right)) >= min_distance
    places = far * np.outer(room[0] + 1 - np.abs(down), room[1] + 1 - np.abs(right))  # of the first square
    ends = np.cumsum(places)
    number = np.searchsorted(ends, rng.integers(ends[-1]), side="right")
    row, column = np.unravel_index(number, places.shape)
    step = np.array([down[row], right[column]])
    first = rng.integers(room + 1 - np.abs(step)) + np.maximum(-step, 0)
    return {name: _square(image, corner, size) for name, corner in (("first", first), ("second", first + step))}


def _square(image: np.ndarray, corner: np.ndarray, size: int) -> np.ndarray:
    top, left = corner
    return np.ascontiguousarray(image[top : top + size, left : left + size])
