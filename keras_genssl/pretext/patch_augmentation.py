"""Changes of a patch that keep its content."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

_GREY = 128  # level of the pixels that a rotation or a shear brings in from outside


def _affine(image: Image.Image, *coefficients: float) -> Image.Image:
    """Pixel (x, y) comes from (a x + b y + c, d x + e y + f)."""
    fill = _GREY if image.mode == "L" else (_GREY,) * 3
    return image.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR, fillcolor=fill)


def _rotated(image: Image.Image, amount: float) -> Image.Image:
    fill = _GREY if image.mode == "L" else (_GREY,) * 3
    return image.rotate(30 * amount, Image.Resampling.BILINEAR, fillcolor=fill)


# In alphabetical order, since a draw is an index into it. An amount lies in [-1, 1].
_OPERATIONS: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "autocontrast": lambda image, _: ImageOps.autocontrast(image),
    "brightness": lambda image, amount: ImageEnhance.Brightness(image).enhance(1 + 0.9 * amount),
    "color": lambda image, amount: ImageEnhance.Color(image).enhance(1 + 0.9 * amount),
    "contrast": lambda image, amount: ImageEnhance.Contrast(image).enhance(1 + 0.9 * amount),
    "equalize": lambda image, _: ImageOps.equalize(image),
    "posterize": lambda image, amount: ImageOps.posterize(image, 8 - round(4 * abs(amount))),
    "rotate": _rotated,
    "sharpness": lambda image, amount: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * amount),
    "shear_x": lambda image, amount: _affine(image, 1, 0.3 * amount, 0, 0, 1, 0),
    "shear_y": lambda image, amount: _affine(image, 1, 0, 0, 0.3 * amount, 1, 0),
    "solarize": lambda image, amount: ImageOps.solarize(image, round(128 * (1 + amount))),
}

OPERATIONS: tuple[str, ...] = tuple(_OPERATIONS)
"""The names that `augment` knows."""


def augment(image: np.ndarray, operation: str, amount: float) -> np.ndarray:
    """Change an image in one of the ways of AutoAugment, over the ranges of its paper.

    Cubuk et al., 2019 (https://arxiv.org/abs/1805.09501), Table 6, without inversion, cutout, pairing and shifts.

    Args:
        image: uint8 array (height, width, 1 or 3).
        operation: one of `OPERATIONS`: "autocontrast" and "equalize" ignore the amount; "brightness", "color",
            "contrast" and "sharpness" are scaled by 1 + 0.9 `amount`; "posterize" keeps 8 - 4 |`amount`| bits, rounded;
            "rotate" turns by 30 `amount` degrees; "shear_x" and "shear_y" shear by 0.3 `amount` about the first row
            or column; "solarize" inverts levels from 128 (1 + `amount`) on.
        amount: in [-1, 1].

    Returns:
        uint8 array of the same shape; pixels from outside the image are grey.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> augment(np.array([[[100], [200]]], np.uint8), "solarize", 0.0).ravel().tolist()
        [100, 55]
    """
    if operation not in _OPERATIONS:
        raise ValueError(f"`operation` must be one of {list(OPERATIONS)}. Received: operation={operation!r}")
    if isinstance(amount, bool) or not -1 <= amount <= 1:
        raise ValueError(f"`amount` must lie in [-1, 1]. Received: amount={amount!r}")
    gray = image.shape[-1] == 1
    changed = np.array(_OPERATIONS[operation](Image.fromarray(image[..., 0] if gray else image), amount), np.uint8)
    return changed[..., np.newaxis] if gray else changed
