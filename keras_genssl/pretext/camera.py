"""What a camera sees that moves: neighbouring crops, and the path that it took."""

from typing import Any

import numpy as np
from PIL import Image

from keras_genssl.pretext.frame_order import frame_order
from keras_genssl.pretext.resize import check_image, integers


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


_ZOOM = 2.0  # width of the largest view, in widths of the frame
_ENDS = 4  # number of drawn ends, of which the one furthest from the start is taken


def camera_path(image: np.ndarray, seed: int, num_frames: int = 32, size: int = 64) -> np.ndarray:
    """Pan and zoom over an image, from one random view to another.

    This replaces films if there are none: one straight movement, slow at both ends (3t^2 - 2t^3), in a scene without
    motion. A view is a square of `size` to `2 * size` pixels of the image (bilinear, anti-aliased). The end is the
    furthest of four random ones, so the camera almost always moves.

    Args:
        image: uint8 array (height, width, 1 or 3), at least `size` a side.
        seed: non-negative integer. Equal seeds give equal paths.
        num_frames: at least 2.
        size: height and width of a frame, positive.

    Returns:
        uint8 array (num_frames, size, size, channels).

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> camera_path(np.full((80, 90, 3), 90, np.uint8), seed=0, num_frames=5).shape
        (5, 64, 64, 3)
    """
    image = check_image(image)
    for name, value, least in (("num_frames", num_frames, 2), ("size", size, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    height, width = image.shape[:2]
    if min(height, width) < size:
        raise ValueError(
            f"`image` must be at least `size` = {size} pixels high and wide. Received: height={height}, width={width}"
        )
    rng = np.random.default_rng(seed)
    start, *ends = (_view(rng, height, width, size) for _ in range(1 + _ENDS))
    end = max(ends, key=lambda view: float(np.abs(view - start).sum()))
    times = np.linspace(0.0, 1.0, num_frames)
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    frames = []
    for progress in 3 * times**2 - 2 * times**3:
        top, left, side = start + progress * (end - start)
        box = (left, top, min(left + side, width), min(top + side, height))  # rounding may exceed the edge
        frames.append(np.array(picture.resize((size, size), Image.Resampling.BILINEAR, box)))
    return np.stack(frames).reshape(num_frames, size, size, image.shape[-1])


def camera_tuple(
    example: dict[str, Any],
    seed: int,
    num_frames: int = 32,
    size: int = 64,
    max_span: int = 12,
    min_distance: int = 4,
    negatives: float = 0.75,
) -> dict[str, Any]:
    """Make a film of an example's image, and draw three of its frames: order verification from photographs.

    The path of `camera_path` and the frames of `frame_order` are drawn by separate seeds.

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), at least `size` a side.
        seed: non-negative integer. Equal seeds give equal draws.
        num_frames, size: see `camera_path`.
        max_span, min_distance, negatives: see `frame_order`.

    Returns:
        "frames": uint8 (3, size, size, channels); "ordered": int32 scalar, 1 or 0. Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid, or the path shows no motion.

    Example:
        >>> picture = np.random.default_rng(0).integers(0, 256, (80, 90, 3), dtype=np.uint8)
        >>> camera_tuple({"image": picture}, seed=0)["frames"].shape
        (3, 64, 64, 3)
    """
    of_path, of_order = (int(word) for word in np.random.SeedSequence(seed).generate_state(2, np.uint64))
    film = camera_path(example["image"], of_path, num_frames, size)
    return frame_order({"frames": film}, of_order, max_span, min_distance, negatives)


def _view(rng: np.random.Generator, height: int, width: int, size: int) -> np.ndarray:
    """Returns top, left and side of a square in the image."""
    side = rng.uniform(size, min(_ZOOM * size, height, width))
    return np.array([rng.uniform(0, height - side), rng.uniform(0, width - side), side])
