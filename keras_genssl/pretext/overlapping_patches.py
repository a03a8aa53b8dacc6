"""Overlapping patches on a grid, the input of contrastive predictive coding."""

from typing import Any

import numpy as np

from keras_genssl.pretext.crops import grey, integers, probabilities, random_crop
from keras_genssl.pretext.patch_augmentation import OPERATIONS, augment
from keras_genssl.pretext.resize import check_image


def overlapping_patches(
    example: dict[str, Any],
    seed: int,
    patch_size: int = 64,
    stride: int | None = None,
    rows: int = 7,
    columns: int = 7,
    flip: float = 0.5,
    grayscale: float = 0.0,
    inner_size: int | None = None,
    operations: int = 0,
) -> dict[str, Any]:
    """Cut a grid of overlapping patches from an image at a random place, and change each by itself.

    Each patch is changed separately, since otherwise prediction could use the change instead of the content. Van den
    Oord et al., 2018, use `grayscale=1, inner_size=60` on images of 300 pixels. Hénaff et al., 2019, use patches of 80,
    `rows=6, columns=6, stride=36, grayscale=0.25, operations=2`, and further changes of colour and shape, which are
    omitted here.

    Reference:
        - van den Oord et al. 2018, [Representation Learning with Contrastive Predictive
          Coding](https://arxiv.org/abs/1807.03748)
        - Hénaff et al. 2019, [Data-Efficient Image Recognition with Contrastive Predictive
          Coding](https://arxiv.org/abs/1905.09272)

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), at least `patch_size + (rows - 1) * stride`
            high and `patch_size + (columns - 1) * stride` wide: 256 pixels; 28 with a `patch_size` of 8 and 6 rows.
        seed: non-negative integer. Equal seeds give equal draws.
        patch_size: side of a patch in pixels, positive.
        stride: distance of neighbours in pixels, positive; None for half of `patch_size`, an overlap of 50%.
        rows, columns: size of the grid, positive.
        flip: the probability with which the whole image is mirrored, in [0, 1].
        grayscale: the probability of a grey patch, in [0, 1].
        inner_size: side of a random square of each patch that is put in the middle of a black patch, at most
            `patch_size`; None for the whole patch.
        operations: number of random operations of `augment` with random amounts per patch, at least 0.

    Returns:
        "patches": uint8 (rows * columns, patch_size, patch_size, channels), row by row. Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> image = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)
        >>> grid = overlapping_patches({"image": image}, 0, patch_size=2, rows=3, columns=3, flip=0.0)
        >>> grid["patches"][:, 0, 0, 0].tolist()
        [0, 1, 2, 4, 5, 6, 8, 9, 10]
    """
    stride = max(1, patch_size // 2) if stride is None else stride
    integers(1, patch_size=patch_size, stride=stride, rows=rows, columns=columns)
    integers(0, operations=operations)
    probabilities(flip=flip, grayscale=grayscale)
    if inner_size is not None:
        integers(1, inner_size=inner_size)
        if inner_size > patch_size:
            raise ValueError(
                f"`inner_size` must be at most `patch_size`. Received: inner_size={inner_size}, patch_size={patch_size}"
            )
    image = check_image(example["image"])
    rng = np.random.default_rng(seed)
    height, width = (patch_size + (count - 1) * stride for count in (rows, columns))
    crop = random_crop(image, height, width, rng, "`patch_size + (rows or columns - 1) * stride`")
    if rng.random() < flip:
        crop = crop[:, ::-1]
    patches = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            patch = crop[top : top + patch_size, left : left + patch_size]
            patches.append(_changed(patch, grayscale, inner_size, operations, rng))
    return {"patches": np.stack(patches)}


def _changed(
    patch: np.ndarray, grayscale: float, inner_size: int | None, operations: int, rng: np.random.Generator
) -> np.ndarray:
    """A patch after its own draws."""
    for _ in range(operations):
        patch = augment(np.ascontiguousarray(patch), OPERATIONS[rng.integers(len(OPERATIONS))], rng.uniform(-1, 1))
    if rng.random() < grayscale:
        patch = grey(patch)
    if inner_size is None:
        return patch
    inner = random_crop(patch, inner_size, inner_size, rng, "`inner_size`")
    before = (len(patch) - inner_size) // 2
    after = len(patch) - inner_size - before
    return np.pad(inner, ((before, after), (before, after), (0, 0)))
