"""Images with a part hidden: the centre, or blocks at random."""

import math
from typing import Any

import numpy as np

from keras_genssl.pretext.resize import check_image

FILL = 115  # the mean of 117, 104 and 123, the means of ImageNet's channels in the authors' code


def center_masked(example: dict[str, Any], seed: int = 0, fraction: float = 0.5, fill: int = FILL) -> dict[str, Any]:
    """Hide the centre of an image, which a context encoder learns to paint.

    Pathak et al., 2016, Section 3.3.

    Reference:
        - Pathak et al. 2016, [Context Encoders: Feature Learning by Inpainting](https://arxiv.org/abs/1604.07379)

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3).
        seed: not used; a transform of `data.load` takes one.
        fraction: hidden share of the height and of the width, in (0, 1), rounded to pixels.
        fill: level of the hidden pixels, 0 to 255; the paper's is the data's mean.

    Returns:
        "masked": uint8, the image with its hidden pixels filled; "image": as it was; "mask": uint8 (height, width, 1),
        255 where it is hidden, 0 elsewhere. Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid, or the image is too small to hide a part of it.

    Example:
        >>> made = center_masked({"image": np.full((4, 4, 1), 9, np.uint8)}, fill=0)
        >>> made["masked"][..., 0].tolist()
        [[9, 9, 9, 9], [9, 0, 0, 9], [9, 0, 0, 9], [9, 9, 9, 9]]
    """
    del seed
    image = check_image(example["image"])
    if isinstance(fraction, bool) or not 0 < fraction < 1:
        raise ValueError(f"`fraction` must lie in (0, 1). Received: fraction={fraction!r}")
    sides = [round(fraction * size) for size in image.shape[:2]]
    if not all(0 < side < size for side, size in zip(sides, image.shape[:2], strict=True)):
        raise ValueError(f"`image` must be large enough to hide a part of it. Received: shape={image.shape}")
    top, left = ((size - side) // 2 for side, size in zip(sides, image.shape[:2], strict=True))
    hidden = np.zeros(image.shape[:2], bool)
    hidden[top : top + sides[0], left : left + sides[1]] = True
    return _masked(image, hidden, fill)


def block_masked(
    example: dict[str, Any], seed: int, blocks: int = 5, area: float = 0.25, fill: int = FILL
) -> dict[str, Any]:
    """Hide blocks of an image, which may overlap: what a context encoder is to paint.

    Pathak et al., 2016, Section 3.3: up to a quarter of the image. A block has the image's shape and `area / blocks` of
    its pixels, its sides rounded down; its place is drawn evenly.

    Reference:
        - Pathak et al. 2016, [Context Encoders: Feature Learning by Inpainting](https://arxiv.org/abs/1604.07379)

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3).
        seed: non-negative integer. Equal seeds give equal draws.
        blocks: how many, at least 1.
        area: the largest part of the image that they hide together, in (0, 1).
        fill: level of the hidden pixels, 0 to 255; the paper's is the data's mean.

    Returns:
        "masked", "image" and "mask", as of `center_masked`.

    Raises:
        ValueError: if an argument is invalid, or the image is too small for such blocks.

    Example:
        >>> made = block_masked({"image": np.zeros((20, 20, 3), np.uint8)}, seed=0)
        >>> made["masked"].shape, made["mask"].shape, bool((made["mask"] > 0).mean() <= 0.25)
        ((20, 20, 3), (20, 20, 1), True)
    """
    image = check_image(example["image"])
    if isinstance(blocks, bool) or not isinstance(blocks, (int, np.integer)) or blocks < 1:
        raise ValueError(f"`blocks` must be an integer of at least 1. Received: blocks={blocks!r}")
    if isinstance(area, bool) or not 0 < area < 1:
        raise ValueError(f"`area` must lie in (0, 1). Received: area={area!r}")
    height, width = (math.floor(size * math.sqrt(area / blocks)) for size in image.shape[:2])
    if height < 1 or width < 1:
        raise ValueError(f"`image` must be large enough for {blocks} blocks. Received: shape={image.shape}")
    rng = np.random.default_rng(seed)
    hidden = np.zeros(image.shape[:2], bool)
    for _ in range(blocks):
        top, left = rng.integers(image.shape[0] - height + 1), rng.integers(image.shape[1] - width + 1)
        hidden[top : top + height, left : left + width] = True
    return _masked(image, hidden, fill)


def _masked(image: np.ndarray, hidden: np.ndarray, fill: int) -> dict[str, Any]:
    if isinstance(fill, bool) or not isinstance(fill, (int, np.integer)) or not 0 <= fill <= 255:
        raise ValueError(f"`fill` must be an integer in 0 ... 255. Received: fill={fill!r}")
    hidden = hidden[..., np.newaxis]
    return {
        "masked": np.where(hidden, np.uint8(fill), image),
        "image": image,
        "mask": np.where(hidden, np.uint8(255), np.uint8(0)),
    }
