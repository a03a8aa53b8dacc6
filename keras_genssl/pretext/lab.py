"""Conversion between sRGB and CIE Lab."""

import numpy as np

from keras_genssl.pretext.resize import check_image

RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""Linear sRGB to XYZ under D65 (http://www.brucelindbloom.com/index.html?Eqn_RGB_XYZ_Matrix.html)."""

_DELTA = 6 / 29
_AB_ZERO = 128  # the code of 0 in a plane of a or b


def rgb_to_lab(image: np.ndarray) -> np.ndarray:
    """Convert an image from sRGB to CIE Lab under D65.

    White is the XYZ of (1, 1, 1), so a and b of greys are 0 up to rounding.

    Args:
        image: uint8 array (height, width, 1 or 3); one channel is grey.

    Returns:
        float64 array (height, width, 3): L in [0, 100], a and b in [-108, 99].

    Raises:
        ValueError: if `image` is no such array.

    Example:
        >>> rgb_to_lab(np.uint8([[[255, 0, 0]]])).round(2).tolist()
        [[[53.24, 80.09, 67.2]]]
    """
    image = np.broadcast_to(check_image(image), (*np.shape(image)[:2], 3)) / 255.0
    linear = np.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)
    relative = linear @ (RGB_TO_XYZ / RGB_TO_XYZ.sum(axis=1, keepdims=True)).T
    x, y, z = np.moveaxis(np.where(relative > _DELTA**3, np.cbrt(relative), relative / (3 * _DELTA**2) + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """Convert an image from CIE Lab to sRGB; each channel of a colour outside sRGB is clipped.

    Args:
        lab: float array (height, width, 3), as `rgb_to_lab` gives.

    Returns:
        uint8 array (height, width, 3).

    Raises:
        ValueError: if `lab` has another shape.

    Example:
        >>> lab_to_rgb(np.array([[[53.24, 80.09, 67.2]]])).tolist()
        [[[255, 0, 0]]]
    """
    lab = np.asarray(lab, np.float64)
    if lab.ndim != 3 or lab.shape[-1] != 3:
        raise ValueError(f"`lab` must have shape (height, width, 3). Received: shape={lab.shape}")
    y = (lab[..., 0] + 16) / 116
    xyz = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    relative = np.where(xyz > _DELTA, xyz**3, 3 * _DELTA**2 * (xyz - 4 / 29))
    linear = np.clip(relative @ np.linalg.inv(RGB_TO_XYZ / RGB_TO_XYZ.sum(axis=1, keepdims=True)).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


def lab_planes(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Encode an image's lightness and its colour in 8 bits.

    The steps are coarser than Lab's own numbers: 0.39 of L, 1 of a and b.

    Args:
        image: uint8 array (height, width, 1 or 3).

    Returns:
        uint8 arrays (height, width, 1), L * 255 / 100, and (height, width, 2), a + 128 and b + 128.

    Raises:
        ValueError: if `image` is no such array.

    Example:
        >>> lightness, ab = lab_planes(np.uint8([[[255, 0, 0]]]))
        >>> lightness.tolist(), ab.tolist()
        ([[[136]]], [[[208, 195]]])
    """
    lab = rgb_to_lab(image)
    lightness, ab = np.rint(lab[..., :1] * 2.55), np.rint(lab[..., 1:]) + _AB_ZERO
    return lightness.astype(np.uint8), ab.astype(np.uint8)
