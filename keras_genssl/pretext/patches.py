"""Aligned patches of a low- and high-resolution pair."""

import numpy as np


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
        ValueError: if the sizes do not divide one another as said above.

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
    for name, value in (("patch_size", patch_size), ("stride", stride)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1 or value % factor:
            raise ValueError(
                f"`{name}` must be a positive multiple of the pair's factor {factor}. Received: {name}={value!r}"
            )
    patches = []
    for top in range(0, high.shape[0] - patch_size + 1, stride):
        for left in range(0, high.shape[1] - patch_size + 1, stride):
            patches.append(
                {
                    "low": _square(low, top // factor, left // factor, patch_size // factor),
                    "high": _square(high, top, left, patch_size),
                }
            )
    return patches


def _square(image: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    return image[top : top + size, left : left + size]
