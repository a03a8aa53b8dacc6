"""The jigsaw task: patches of an image out of order."""

from typing import Any

import numpy as np

from keras_genssl.pretext.crops import grey, integers, probabilities, random_crop
from keras_genssl.pretext.permutations import permutation_set
from keras_genssl.pretext.resize import check_image


def jigsaw(
    example: dict[str, Any],
    seed: int,
    num_permutations: int = 64,
    cell_size: int = 75,
    patch_size: int = 64,
    grid: int = 3,
    grayscale: float = 0.3,
    channel_shift: int = 2,
) -> dict[str, Any]:
    """Cut a grid of patches from an image and put them in one of the orders of a set.

    Noroozi and Favaro, 2016: a square of `grid * cell_size` pixels is cut at random, and in each of its cells a patch
    at a random place, so that edges do not continue from one patch to the next. With p of
    `permutation_set(num_permutations, grid ** 2)`, patch j comes from cell p[j], counted row by row.

    Chromatic aberration of lenses would reveal the position of a patch. Therefore some images become grey, and in the
    others each channel of a patch is shifted separately. Brightness and contrast of neighbours are similar, too;
    `models.Jigsaw` removes them by standardising patches.

    Reference:
        - Noroozi and Favaro 2016, [Unsupervised Learning of Visual Representations by Solving Jigsaw
          Puzzles](https://arxiv.org/abs/1603.09246)

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3), at least `grid * cell_size` a side.
        seed: non-negative integer. Equal seeds give equal draws.
        num_permutations: the number of classes, from 2 to 1512 for a grid of 3, to 24 for 2.
        cell_size: side of a cell in pixels; images of 28 pixels have cells of 9.
        patch_size: side of a patch, at most `cell_size`.
        grid: cells a side, 3 or 2.
        grayscale: the probability of a grey image, in [0, 1] (0.66 in Goyal et al., 2019, arXiv:1905.01235).
        channel_shift: largest shift of a channel in pixels, in each direction and within its cell, at least 0.

    Returns:
        "patches": uint8 (grid ** 2, patch_size, patch_size, channels); "permutation": int32 scalar, the index of the
        order. Nothing else of the example.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> image = np.repeat([[0], [1], [2]], 3, axis=1).astype(np.uint8)[..., np.newaxis]  # rows 0, 1 and 2
        >>> puzzle = jigsaw({"image": image}, seed=0, cell_size=1, patch_size=1)
        >>> order = permutation_set(64)[puzzle["permutation"]]
        >>> puzzle["patches"].ravel().tolist() == (order // 3).tolist()
        True
    """
    integers(1, cell_size=cell_size, patch_size=patch_size)
    integers(0, channel_shift=channel_shift)
    probabilities(grayscale=grayscale)
    if isinstance(grid, bool) or grid not in (2, 3):
        raise ValueError(f"`grid` must be 2 or 3. Received: grid={grid!r}")
    if patch_size > cell_size:
        raise ValueError(
            f"`patch_size` must be at most `cell_size`. Received: patch_size={patch_size}, cell_size={cell_size}"
        )
    orders = permutation_set(num_permutations, grid**2)
    image = check_image(example["image"])
    rng = np.random.default_rng(seed)
    side = grid * cell_size
    crop = random_crop(image, side, side, rng, "`grid * cell_size`")
    if rng.random() < grayscale:
        crop, channel_shift = grey(crop), 0
    permutation = int(rng.integers(num_permutations))
    cells = [
        crop[row : row + cell_size, column : column + cell_size]
        for row in range(0, side, cell_size)
        for column in range(0, side, cell_size)
    ]
    patches = [_patch(cell, patch_size, channel_shift, rng) for cell in cells]
    return {
        "patches": np.stack([patches[cell] for cell in orders[permutation]]),
        "permutation": np.array(permutation, np.int32),
    }


def _patch(cell: np.ndarray, size: int, shift: int, rng: np.random.Generator) -> np.ndarray:
    """Cuts a square from a cell at a random position, and shifts each channel a little if there are several."""
    slack, channels = len(cell) - size, cell.shape[-1]
    place = rng.integers(slack + 1, size=2)
    if channels == 1 or not shift:
        return cell[place[0] : place[0] + size, place[1] : place[1] + size]
    places = (place + rng.integers(-shift, shift + 1, size=(channels, 2))).clip(0, slack)
    moved = [cell[top : top + size, left : left + size, channel] for channel, (top, left) in enumerate(places)]
    return np.stack(moved, axis=-1)
