"""Bins of colour: the part of a grid over a and b that sRGB covers."""

import functools
import itertools
from collections.abc import Iterable

import numpy as np

from keras_genssl.pretext.lab import rgb_to_lab

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
