"""Random pairs of a crop and its degraded copy."""

from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from keras_genssl.pretext.resize import check_image, resized

DEGRADATIONS: tuple[tuple[str, float], ...] = (
    ("blur", 0.6),
    ("blur", 1.0),
    ("blur", 1.6),
    ("down_up", 1.5),
    ("down_up", 2.0),
    ("down_up", 3.0),
    ("down_up", 4.0),
    ("noise", 4.0),
    ("noise", 10.0),
    ("sharpen", 60.0),
    ("sharpen", 150.0),
)
"""The meaning of each label of `degraded_pair`: kind and strength, as `degrade` takes them."""

_SHARPEN_RADIUS = 1.2


def degrade(image: np.ndarray, kind: str, strength: float, seed: int = 0) -> np.ndarray:
    """Degrade an image in one way.

    Args:
        image: uint8 array (height, width, 1 or 3).
        kind: "blur": Gaussian of standard deviation `strength` (Pillow's approximation by box filters).
            "down_up": bicubic down-scaling by the factor `strength` and up again, the small size rounded.
            "noise": Gaussian noise of standard deviation `strength` in levels of 8 bits.
            "sharpen": unsharp mask of radius 1.2, `strength` percent.
        strength: positive number, more than 1 for "down_up".
        seed: seed of the noise, non-negative integer.

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> degrade(np.full((8, 8, 3), 90, np.uint8), "blur", 1.0)[0, 0].tolist()
        [90, 90, 90]
    """
    image = check_image(image)
    if isinstance(strength, bool) or not strength > (1 if kind == "down_up" else 0):
        raise ValueError(f"`strength` must be positive, of 'down_up' more than 1. Received: strength={strength!r}")
    if kind == "blur":
        return _filtered(image, ImageFilter.GaussianBlur(strength))
    if kind == "sharpen":
        return _filtered(image, ImageFilter.UnsharpMask(_SHARPEN_RADIUS, round(strength), threshold=0))
    if kind == "down_up":
        height, width = image.shape[:2]
        small = resized(image, max(1, round(height / strength)), max(1, round(width / strength)), "bicubic")
        return resized(small, height, width, "bicubic")
    if kind == "noise":
        noise = strength * np.random.default_rng(seed).standard_normal(image.shape)
        return np.rint(image + noise).clip(0, 255).astype(np.uint8)
    kinds = sorted({kind for kind, _ in DEGRADATIONS})
    raise ValueError(f"`kind` must be one of {kinds}. Received: kind={kind!r}")


def degraded_pair(example: dict[str, Any], seed: int, size: int = 32, margin: int = 20) -> dict[str, Any]:
    """Cut a crop from an image, and degrade a copy of it in one of the ways of `DEGRADATIONS`.

    Position and degradation are drawn uniformly. A crop of `size + 2 * margin` pixels is degraded and its border
    dropped, so that no filter shows the edge of the crop. The default margin exceeds the reach of all filters (16
    pixels, "down_up" by 4), and every factor divides 72 = 32 + 2 * 20.

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), at least `size + 2 * margin` a side.
        seed: non-negative integer. Equal seeds give equal draws.
        size: height and width of the returned images, positive.
        margin: pixels degraded and dropped at each side, at least 0.

    Returns:
        "reference" and "image": uint8 (size, size, channels), the crop before and after; "degradation":
        int32 scalar, an index of `DEGRADATIONS`. Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> pair = degraded_pair({"image": np.zeros((80, 90, 3), np.uint8)}, seed=0)
        >>> pair["reference"].shape, pair["image"].shape
        ((32, 32, 3), (32, 32, 3))
    """
    for name, value, least in (("size", size, 1), ("margin", margin, 0)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    image = check_image(example["image"])
    side = size + 2 * margin
    height, width = image.shape[:2]
    if min(height, width) < side:
        raise ValueError(
            f'`example["image"]` must be at least `size + 2 * margin` = {side} pixels high and wide. '
            f"Received: height={height}, width={width}"
        )
    rng = np.random.default_rng(seed)
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    degradation = int(rng.integers(len(DEGRADATIONS)))
    crop = image[top : top + side, left : left + side]
    degraded = degrade(crop, *DEGRADATIONS[degradation], seed=int(rng.integers(2**63)))
    inner = slice(margin, margin + size)
    return {
        "reference": np.ascontiguousarray(crop[inner, inner]),
        "image": np.ascontiguousarray(degraded[inner, inner]),
        "degradation": np.array(degradation, np.int32),
    }


def _filtered(image: np.ndarray, kernel: ImageFilter.Filter) -> np.ndarray:
    gray = image.shape[-1] == 1
    filtered = np.array(Image.fromarray(image[..., 0] if gray else image).filter(kernel), dtype=np.uint8)
    return filtered[..., np.newaxis] if gray else filtered
