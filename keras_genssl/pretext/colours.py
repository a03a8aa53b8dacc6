"""Colours to predict: CIE Lab, and the bins of its colour plane."""

import functools
import itertools
from collections.abc import Iterable
from typing import Any

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


_GRID = 10  # spacing of a and b


def ab_bins() -> np.ndarray:
    """Returns the centres of the bins of colour: the corners of all cells of a grid of 10 in which sRGB has a colour.

    So the four corners around each colour are bins. All colours of 8 bits are considered, by the surface of their
    cube: every line of equal a and b leaves the cube through its surface. There are 309 bins. The published network
    (Zhang et al., 2016) has 313, without a stated rule: these and (40, 90), (100, -90), (100, -10), (100, 0). Rounding
    colours to the grid would give 260.

    Reference:
        - Zhang et al. 2016, [Colorful Image Colorization](https://arxiv.org/abs/1603.08511)

    Returns:
        float32 array (309, 2) of a and b, sorted by a, then b.

    Example:
        >>> ab_bins()[[0, -1]].tolist()
        [[-90.0, 50.0], [100.0, -20.0]]
    """
    return _bins().copy()


def nearest_ab_bin(ab: np.ndarray) -> np.ndarray:
    """Returns the number of the bin nearest to each colour; on ties the first.

    Args:
        ab: float array (..., 2) of a and b.

    Returns:
        int32 array (...), positions in `ab_bins()`.

    Raises:
        ValueError: if `ab` has another shape.

    Example:
        >>> bins = ab_bins()
        >>> bins[nearest_ab_bin([80.1, 67.2])].tolist()
        [80.0, 70.0]
    """
    ab = np.asarray(ab, np.float64)
    if not ab.ndim or ab.shape[-1] != 2:
        raise ValueError(f"`ab` must have shape (..., 2). Received: shape={ab.shape}")
    flat = ab.reshape(-1, 2)
    bins = _bins().astype(np.float64)
    nearest = np.empty(len(flat), np.int32)
    for start in range(0, len(flat), _AT_ONCE):
        distances = np.square(flat[start : start + _AT_ONCE, np.newaxis] - bins).sum(axis=-1)
        nearest[start : start + _AT_ONCE] = distances.argmin(axis=1)
    return nearest.reshape(ab.shape[:-1])


def ab_bin_frequencies(images: Iterable[np.ndarray], sigma: float = 5.0) -> np.ndarray:
    """Returns how often each bin of colour is the nearest in a set of images, smoothed.

    Each bin's share is spread over all bins by a Gaussian of their distances, as in Zhang et al., 2016, Section 2.2.
    `losses.rebalancing_weights` makes class weights of it.

    Args:
        images: uint8 arrays (height, width, 3).
        sigma: standard deviation of the Gaussian, in units of a and b, at least 0; 0 for no smoothing.

    Returns:
        float64 array (309,) that sums to 1.

    Raises:
        ValueError: if an argument is invalid, or there is no image.

    Example:
        >>> frequencies = ab_bin_frequencies([np.full((4, 4, 3), 90, np.uint8)])
        >>> ab_bins()[frequencies.argmax()].tolist()
        [0.0, 0.0]
    """
    if isinstance(sigma, bool) or not sigma >= 0:
        raise ValueError(f"`sigma` must be at least 0. Received: sigma={sigma!r}")
    bins = _bins().astype(np.float64)
    counts = np.zeros(len(bins))
    for image in images:
        if np.ndim(image) != 3 or np.shape(image)[-1] != 3:
            raise ValueError(f"`images` must be arrays (height, width, 3). Received: shape={np.shape(image)}")
        counts += np.bincount(nearest_ab_bin(rgb_to_lab(image)[..., 1:]).ravel(), minlength=len(bins))
    if not counts.sum():
        raise ValueError("`images` must hold an image. Received: none")
    if sigma:
        squares = np.square(bins[:, np.newaxis] - bins).sum(axis=-1)
        spread = np.exp(-squares / (2 * sigma**2))
        counts = (counts / spread.sum(axis=1)) @ spread
    return counts / counts.sum()


_AT_ONCE = 16384  # colours whose distances to all bins are in memory


@functools.cache
def _bins() -> np.ndarray:
    levels = np.arange(256, dtype=np.uint8)
    one, other = (plane.ravel() for plane in np.meshgrid(levels, levels))
    cells = set()
    for axis, level in itertools.product(range(3), (0, 255)):
        face = np.insert(np.stack([one, other], axis=-1), axis, level, axis=-1)
        ab = rgb_to_lab(face[np.newaxis])[0, :, 1:]
        a, b = np.floor(np.round(ab, 6) / _GRID).astype(int).T  # rounded, since greys lie on an edge of cells
        cells |= {(code // 64 - 32, code % 64 - 32) for code in np.unique((a + 32) * 64 + b + 32).tolist()}
    corners = {(a + i, b + j) for a, b in cells for i in (0, 1) for j in (0, 1)}
    return np.array(sorted(corners), np.float32) * _GRID


_DRAWS = 16
_GREY = 5.0  # a crop is grey if no pixel has a or b beyond this


def coloured_crop(example: dict[str, Any], seed: int, size: int = 64) -> dict[str, Any]:
    """Cut a crop with some colour from an image, mirrored in half of all draws: an example of colorization.

    The position is drawn uniformly, and drawn again if the crop is grey, which would teach only grey. A crop is grey if
    neither a nor b of any pixel leaves [-5, 5]. (Zhang et al. leave such images out of the loss.)

    Args:
        example: a dict whose "image" is uint8 (height, width, 3), at least `size` a side.
        seed: non-negative integer. Equal seeds give equal draws.
        size: height and width of the crop, positive.

    Returns:
        "image": uint8 (size, size, 3). Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid, or 16 draws found no colour.

    Example:
        >>> coloured_crop({"image": np.full((80, 90, 3), [90, 20, 20], np.uint8)}, seed=0)["image"].shape
        (64, 64, 3)
    """
    image = check_image(example["image"])
    if image.shape[-1] != 3:
        raise ValueError(
            f'`example["image"]` must have three channels: a grey image has no colour to learn. '
            f"Received: shape={image.shape}"
        )
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"`size` must be a positive integer. Received: size={size!r}")
    height, width = image.shape[:2]
    if min(height, width) < size:
        raise ValueError(
            f'`example["image"]` must be at least `size` = {size} pixels high and wide. '
            f"Received: height={height}, width={width}"
        )
    rng = np.random.default_rng(seed)
    mirrored = bool(rng.integers(2))
    for _ in range(_DRAWS):
        top, left = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
        crop = image[top : top + size, left : left + size]
        if np.abs(rgb_to_lab(crop)[..., 1:]).max() > _GREY:
            return {"image": np.ascontiguousarray(crop[:, ::-1] if mirrored else crop)}
    raise ValueError(
        f'`example["image"]` must hold colour: a or b beyond {_GREY:g} in a crop of {size} pixels. '
        f"Received: an image of shape {image.shape} in which {_DRAWS} draws found none"
    )


def binned_colours(image: np.ndarray, lightness: float = 65.0) -> np.ndarray:
    """Show the nearest bin of colour of each pixel at one lightness: the target of colorization.

    sRGB does not have every bin at every lightness; colours outside it are clipped in the picture.

    Args:
        image: uint8 array (height, width, 1 or 3).
        lightness: L of all pixels, in [0, 100].

    Returns:
        uint8 array (height, width, 3).

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> binned_colours(np.uint8([[[0, 0, 0], [40, 40, 40], [255, 255, 255]]])).tolist()  # all greys are one bin
        [[[158, 158, 158], [158, 158, 158], [158, 158, 158]]]
    """
    if isinstance(lightness, bool) or not 0 <= lightness <= 100:
        raise ValueError(f"`lightness` must lie in [0, 100]. Received: lightness={lightness!r}")
    colours = ab_bins()[nearest_ab_bin(rgb_to_lab(image)[..., 1:])]
    return lab_to_rgb(np.concatenate([np.full_like(colours[..., :1], lightness), colours], axis=-1))
