"""One crop of all images of an example, of any size: the input of translators between photographs."""

from typing import Any

import numpy as np

from keras_genssl.pretext.resize import check_image, integers, resized


def scene_crop(
    example: dict[str, Any],
    seed: int | None,
    size: int = 256,
    load_size: int = 286,
    keep_ratio: bool = True,
    mirror: bool = True,
) -> dict[str, np.ndarray]:
    """Resize images of any size and cut a square from them, at the same place in all images of an example.

    The shorter side becomes `load_size` (pix2pix and CycleGAN resize to 286 pixels and crop 256), or both do. The place
    is drawn evenly, and half of all draws are mirrored. Images of one scene that differ in size are cut at the same
    share of what their height and width leave over. Resizing is bicubic, anti-aliased where it shrinks.

    Args:
        example: name -> uint8 (height, width, 1 or 3), at least one.
        seed: non-negative integer; equal seeds give equal draws. None for the central square, not mirrored.
        size: height and width of the crop, positive.
        load_size: length of the shorter side before the crop, at least `size`.
        keep_ratio: False makes both sides `load_size`, so that only `load_size - size` pixels are lost.
        mirror: mirror half of all draws.

    Returns:
        name -> uint8 (size, size, channels), the names of `example`.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> pair = {"first": np.zeros((50, 90, 3), np.uint8), "second": np.zeros((30, 54, 1), np.uint8)}
        >>> {name: image.shape for name, image in scene_crop(pair, seed=0, size=32, load_size=36).items()}
        {'first': (32, 32, 3), 'second': (32, 32, 1)}
    """
    integers(1, size=size)
    if isinstance(load_size, bool) or not isinstance(load_size, (int, np.integer)) or load_size < size:
        raise ValueError(f"`load_size` must be an integer of at least `size`={size}. Received: load_size={load_size!r}")
    shares, mirrored = None, False
    if seed is not None:
        rng = np.random.default_rng(seed)
        shares = rng.random(2)
        mirrored = mirror and bool(rng.integers(2))
    made = {}
    for name, image in example.items():
        large = _loaded(check_image(image), load_size, keep_ratio)
        free = np.subtract(large.shape[:2], size)  # pixels that a crop leaves out
        top, left = free // 2 if shares is None else (shares * (free + 1)).astype(int)
        crop = large[top : top + size, left : left + size]
        made[name] = np.ascontiguousarray(crop[:, ::-1] if mirrored else crop)
    return made


def _loaded(image: np.ndarray, load_size: int, keep_ratio: bool) -> np.ndarray:
    """Returns the image with a shorter side of `load_size`; unchanged if it has that already."""
    sides = image.shape[:2]
    scale = load_size / min(sides)
    height, width = (max(load_size, round(side * scale)) if keep_ratio else load_size for side in sides)
    return image if (height, width) == sides else resized(image, height, width, "bicubic")
