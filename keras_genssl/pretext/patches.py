"""Aligned patches of a low- and high-resolution pair."""

from typing import Any

import numpy as np

from keras_genssl.pretext.resize import check_image, check_scale, low_high


def aligned_patches(pair: dict[str, np.ndarray], patch_size: int, stride: int) -> list[dict[str, np.ndarray]]:
    """Cut the same squares out of both images of a pair, on a grid, row by row.

    The grid starts at the upper left corner; what is left over at the bottom and right belongs to no patch.
    An image smaller than `patch_size` yields an empty list.

    Args:
        pair: `{"low": ..., "high": ...}` as `low_high` returns it: uint8 (height, width, channels), `low`
            either of the size of `high` or smaller by an integer factor.
        patch_size: height and width of a patch in pixels of `high`; a multiple of the factor.
        stride: distance of neighbouring patches in pixels of `high`; a multiple of the factor.

    Returns:
        A list of `{"low": ..., "high": ...}` of views into the pair's arrays; cutting the down-scaled whole
        keeps the context that down-scaling the cut patch would lose at its border.

    Raises:
        ValueError: if the sizes are not multiples as required above.

    Example:
        >>> pair = {"low": np.zeros((4, 6, 3), np.uint8), "high": np.zeros((8, 12, 3), np.uint8)}
        >>> len(aligned_patches(pair, patch_size=8, stride=2))
        3
    """
    low, high = pair["low"], pair["high"]
    factor = high.shape[0] // low.shape[0] if low.shape[0] else 0
    if factor < 1 or high.shape[:2] != (low.shape[0] * factor, low.shape[1] * factor):
        raise ValueError(
            '`pair["high"]` must be an integer factor larger than `pair["low"]`, the same both ways. '
            f"Received: high.shape={high.shape}, low.shape={low.shape}"
        )
    _check_multiples(factor, f"the pair's factor {factor}", patch_size=patch_size, stride=stride)
    return [
        _patch(pair, top, left, patch_size)
        for top in range(0, high.shape[0] - patch_size + 1, stride)
        for left in range(0, high.shape[1] - patch_size + 1, stride)
    ]


def low_high_patch(
    example: dict[str, Any], seed: int, scale: int = 2, patch_size: int = 64, interpolation: str | None = None
) -> dict[str, Any]:
    """Cut an aligned patch at a random place from an image and its small version: an example of super-resolution.

    The whole image is down-scaled before the patch is cut, so the patch's border keeps its context. The position is
    uniform over all whose top and left are multiples of `scale`, whatever `interpolation` is: those that
    `aligned_patches(low_high(image, scale), patch_size, stride=scale)` yields.

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), at least `patch_size` a side.
        seed: non-negative integer. Equal seeds give equal draws.
        scale: factor between the two, a positive integer.
        patch_size: height and width of "high", in pixels; a multiple of `scale`.
        interpolation: None for a small "low" (ESPCN, EDSR), or how it is up-sampled again to the size of "high"
            (SRCNN); see `low_high`.

    Returns:
        "high": uint8 (patch_size, patch_size, channels); "low": uint8, as large where an interpolation is named, else
        (patch_size // scale, patch_size // scale, channels). Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> patch = low_high_patch({"image": np.zeros((80, 90, 3), np.uint8)}, seed=0)
        >>> patch["low"].shape, patch["high"].shape
        ((32, 32, 3), (64, 64, 3))
    """
    scale = check_scale(scale)
    _check_multiples(scale, f"`scale`={scale}", patch_size=patch_size)
    image = check_image(example["image"])
    height, width = image.shape[:2]
    if min(height, width) < patch_size:
        raise ValueError(
            f'`example["image"]` must be at least `patch_size` = {patch_size} pixels high and wide. '
            f"Received: height={height}, width={width}"
        )
    rng = np.random.default_rng(seed)
    top, left = (scale * int(rng.integers((side - patch_size) // scale + 1)) for side in (height, width))
    patch = _patch(low_high(image, scale, interpolation), top, left, patch_size)
    return {name: np.ascontiguousarray(square) for name, square in patch.items()}


def _check_multiples(of: int, what: str, **values: Any) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1 or value % of:
            raise ValueError(f"`{name}` must be a positive multiple of {what}. Received: {name}={value!r}")


def _patch(pair: dict[str, np.ndarray], top: int, left: int, size: int) -> dict[str, np.ndarray]:
    """The same square of both images; place and size are in pixels of `high`."""
    factor = len(pair["high"]) // len(pair["low"])
    return {
        "low": _square(pair["low"], top // factor, left // factor, size // factor),
        "high": _square(pair["high"], top, left, size),
    }


def _square(image: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    return image[top : top + size, left : left + size]
