"""Patches of an image, and the position of one relative to another."""

import math
from typing import Any

import numpy as np

from keras_genssl.pretext.resize import (
    check_image,
    check_scale,
    integers,
    low_high,
    probabilities,
    random_crop,
    resized,
)


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


POSITIONS: tuple[tuple[int, int], ...] = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""The meaning of each position of `relative_position`: steps down and right from the first patch to the second."""

_GREEN_MAGENTA = np.array([-1.0, 2.0, -1.0]) / math.sqrt(6)


def relative_position(
    example: dict[str, Any],
    seed: int,
    patch_size: int = 96,
    gap: int = 48,
    jitter: int = 7,
    colour: str | None = "drop",
    downsample: float = 1 / 3,
    least_pixels: int = 100,
) -> dict[str, Any]:
    """Cut a patch from an image, and one of its eight neighbours.

    Doersch et al., 2015, with the numbers of their code. The first patch lies where all eight neighbours would fit,
    whichever is taken; otherwise its position would reveal part of the answer. The gap, and the second patch's jitter,
    keep edges and textures from continuing across the border.

    Two more shortcuts are removed. Lenses separate colours depending on the position in the picture: `colour` removes
    this cue from each patch. And some patches lose resolution, so that sensor noise cannot be matched.

    Reference:
        - Doersch et al. 2015, [Unsupervised Visual Representation Learning by Context
          Prediction](https://arxiv.org/abs/1505.05192)

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), at least `3 * patch_size + 2 * gap + 2 *
            jitter` a side: 398 pixels, or 28 with patches of 8, a gap and a jitter of 1.
        seed: non-negative integer. Equal seeds give equal draws.
        patch_size: side of a patch in pixels, positive.
        gap: pixels between neighbours, at least 0.
        jitter: largest shift of the second patch in pixels, in each direction, from 0 to `gap`.
        colour: "drop" keeps one random channel of each patch and replaces the others by noise around grey; "project"
            removes the component along green minus magenta, (-1, 2, -1); None changes nothing. Grey images do not
            change.
        downsample: the probability with which a patch is scaled down and up again (bilinear), in [0, 1].
        least_pixels: smallest number of pixels of a patch that is scaled down, at least 1; the number is drawn
            uniformly between this and all pixels. Patches without more pixels do not change.

    Returns:
        "patches": uint8 (2, patch_size, patch_size, channels); "position": int32 scalar, an index of `POSITIONS`, the
        neighbours row by row. Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> rows = np.repeat(np.arange(3, dtype=np.uint8), 3).reshape(3, 3, 1)
        >>> pair = relative_position({"image": rows}, seed=0, patch_size=1, gap=0, jitter=0)
        >>> step = int(pair["patches"][1, 0, 0, 0]) - int(pair["patches"][0, 0, 0, 0])
        >>> step == POSITIONS[pair["position"]][0]
        True
    """
    integers(1, patch_size=patch_size, least_pixels=least_pixels)
    integers(0, gap=gap, jitter=jitter)
    probabilities(downsample=downsample)
    if jitter > gap:
        raise ValueError(f"`jitter` must be at most `gap`, or patches overlap. Received: jitter={jitter}, gap={gap}")
    if colour not in ("drop", "project", None):
        raise ValueError(f"`colour` must be 'drop', 'project' or None. Received: colour={colour!r}")
    image = check_image(example["image"])
    rng = np.random.default_rng(seed)
    side = 3 * patch_size + 2 * gap + 2 * jitter
    field = random_crop(image, side, side, rng, "`3 * patch_size + 2 * gap + 2 * jitter`")
    position = int(rng.integers(len(POSITIONS)))
    centre = jitter + patch_size + gap
    step = np.array(POSITIONS[position]) * (patch_size + gap)
    corners = np.array([[0, 0], step + rng.integers(-jitter, jitter + 1, size=2)]) + centre
    patches = [field[top : top + patch_size, left : left + patch_size] for top, left in corners]
    return {
        "patches": np.stack([_prepared(patch, colour, downsample, least_pixels, rng) for patch in patches]),
        "position": np.array(position, np.int32),
    }


def _prepared(
    patch: np.ndarray, colour: str | None, downsample: float, least_pixels: int, rng: np.random.Generator
) -> np.ndarray:
    """Returns a patch with its shortcuts removed."""
    height, width = patch.shape[:2]
    pixels = height * width
    if rng.random() < downsample and pixels > least_pixels:
        side = int(math.sqrt(rng.uniform(least_pixels, pixels)))
        patch = resized(resized(patch, side, side, "bilinear"), height, width, "bilinear")
    if patch.shape[-1] == 1 or colour is None:
        return patch
    return _one_channel(patch, rng) if colour == "drop" else _without_green_magenta(patch)


def _one_channel(patch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keeps one channel; the others become noise of half a level about the middle, as in the authors' `train.py`."""
    kept = int(rng.integers(3))
    noise = rng.integers(127, 129, size=patch.shape, dtype=np.uint8)
    noise[..., kept] = patch[..., kept]
    return noise


def _without_green_magenta(patch: np.ndarray) -> np.ndarray:
    """Removes the green-magenta component of each colour; greys do not change."""
    along = patch @ _GREEN_MAGENTA
    return np.rint(patch - along[..., np.newaxis] * _GREEN_MAGENTA).clip(0, 255).astype(np.uint8)
