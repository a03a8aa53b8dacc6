"""A film that a camera makes of a photograph."""

from typing import Any

import numpy as np
from PIL import Image

from keras_genssl.pretext.resize import _check_image

_ZOOM = 2.0  # the largest view is so many times as wide as the frame


def camera_path(image: np.ndarray, seed: int, num_frames: int = 32, size: int = 64) -> np.ndarray:
    """Pan and zoom over an image, from one view that is drawn to another.

    A stand-in for films where there are none: one straight movement, slow at both ends (3t^2 - 2t^3), without anything
    that moves by itself. A view is a square of `size` to `2 * size` pixels of the image (bilinear, anti-aliased).

    Args:
        image: uint8 array (height, width, 1 or 3), at least `size` a side.
        seed: non-negative integer. Equal seeds give equal paths.
        num_frames: at least 2.
        size: height and width of a frame, positive.

    Returns:
        uint8 array (num_frames, size, size, channels).

    Raises:
        ValueError: if an argument breaks its rule.

    Example:
        >>> camera_path(np.full((80, 90, 3), 90, np.uint8), seed=0, num_frames=5).shape
        (5, 64, 64, 3)
    """
    image = _check_image(image)
    for name, value, least in (("num_frames", num_frames, 2), ("size", size, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    height, width = image.shape[:2]
    if min(height, width) < size:
        raise ValueError(
            f"`image` must be at least `size` = {size} pixels high and wide. Received: height={height}, width={width}"
        )
    rng = np.random.default_rng(seed)
    start, end = (_view(rng, height, width, size) for _ in range(2))
    times = np.linspace(0.0, 1.0, num_frames)
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    frames = []
    for progress in 3 * times**2 - 2 * times**3:
        top, left, side = start + progress * (end - start)
        box = (left, top, min(left + side, width), min(top + side, height))  # rounding may carry it over the edge
        frames.append(np.array(picture.resize((size, size), Image.Resampling.BILINEAR, box)))
    return np.stack(frames).reshape(num_frames, size, size, image.shape[-1])


def camera_frames(example: dict[str, Any], seed: int, num_frames: int = 32, size: int = 64) -> dict[str, Any]:
    """Make a film of an example's image: `camera_path` as a transform of `data.load`.

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), at least `size` a side.
        seed, num_frames, size: of `camera_path`.

    Returns:
        "frames": uint8 (num_frames, size, size, channels). Nothing else of the example.

    Example:
        >>> camera_frames({"image": np.full((80, 90, 3), 90, np.uint8)}, seed=0)["frames"].shape
        (32, 64, 64, 3)
    """
    return {"frames": camera_path(example["image"], seed, num_frames, size)}


def _view(rng: np.random.Generator, height: int, width: int, size: int) -> np.ndarray:
    """Top, left and side of a square that lies in the image."""
    side = rng.uniform(size, min(_ZOOM * size, height, width))
    return np.array([rng.uniform(0, height - side), rng.uniform(0, width - side), side])
