"""Films of a camera that moves over a photograph."""

from typing import Any

import numpy as np
from PIL import Image

from keras_genssl.pretext.frame_order import frame_order
from keras_genssl.pretext.resize import check_image

_ZOOM = 2.0  # width of the largest view, in widths of the frame
_ENDS = 4  # number of drawn ends, of which the one furthest from the start is taken


def camera_path(image: np.ndarray, seed: int, num_frames: int = 32, size: int = 64) -> np.ndarray:
    """Pan and zoom over an image, from one random view to another.

    This replaces films if there are none: one straight movement, slow at both ends (3t^2 - 2t^3), in a scene without
    motion. A view is a square of `size` to `2 * size` pixels of the image (bilinear, anti-aliased). The end is the
    furthest of four random ones, so the camera hardly ever stands still.

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
