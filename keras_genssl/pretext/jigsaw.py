"""Jigsaw puzzles, and the permutations that they are made of."""

import functools
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_genssl.pretext.resize import check_image, grey, integers, probabilities, random_crop

FILE = pathlib.Path(__file__).with_name("permutations.npz")

# By the number of patches: the least distance of a group's elements -> what generates it. Patches are points of a
# finite field, `x` as an integer whose digits are the coefficients, and of PGL one more, 8, the point at infinity.
_GENERATORS: dict[int, dict[int, tuple[tuple[int, ...], ...]]] = {
    4: {
        4: ((1, 0, 3, 2), (2, 3, 0, 1)),  # x + 1 and x + 2 over GF(4): the translations
        3: ((1, 0, 3, 2), (0, 2, 3, 1)),  # x + 1 and 2 x: AGL(1, 4)
        2: ((1, 0, 3, 2), (0, 2, 3, 1), (0, 1, 3, 2)),  # and x^2: all permutations
    },
    9: {
        8: ((1, 2, 0, 4, 5, 3, 7, 8, 6), (0, 4, 8, 5, 6, 1, 7, 2, 3)),  # x + 1, (1 + i) x over GF(9): AGL(1, 9)
        7: (
            (1, 0, 3, 2, 5, 4, 7, 6, 8),  # x + 1 over GF(8) = GF(2)[t] / (t^3 + t + 1)
            (0, 2, 4, 6, 3, 1, 7, 5, 8),  # t x
            (8, 1, 5, 6, 7, 2, 3, 4, 0),  # 1 / x: together PGL(2, 8)
        ),
        6: (
            (1, 0, 3, 2, 5, 4, 7, 6, 8),
            (0, 2, 4, 6, 3, 1, 7, 5, 8),
            (8, 1, 5, 6, 7, 2, 3, 4, 0),
            (0, 1, 4, 5, 6, 7, 2, 3, 8),  # and x^2: PGammaL(2, 8)
        ),
    },
}
_GOLDEN = (5**0.5 - 1) / 2


def permutation_set(count: int, num_patches: int = 9) -> np.ndarray:
    """Choose permutations of which any two differ in many places, the classes of `jigsaw`.

    Noroozi and Favaro, 2016, Algorithm 1, choose greedily; groups of permutations do better. Of nine patches up to 72
    permutations differ in at least 8 places (AGL(1, 9)), up to 504 in 7 (PGL(2, 8)), up to 1512 in 6 (PGammaL(2, 8));
    of four patches 4 in 4, 12 in 3, all 24 in 2. Read from `permutations.npz`, which `spread_groups` made. The sets of
    one group are prefixes of each other.

    Reference:
        - Noroozi and Favaro 2016, [Unsupervised Learning of Visual Representations by Solving Jigsaw
          Puzzles](https://arxiv.org/abs/1603.09246)

    Args:
        count: number of permutations, at least 2, at most 1512 for nine patches, 24 for four.
        num_patches: 9 or 4.

    Returns:
        uint8 array (count, num_patches), read-only, each row a permutation of 0 to num_patches - 1; the identity first.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> permutation_set(64).shape, permutation_set(3, num_patches=4).tolist()
        ((64, 9), [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1]])
    """
    if isinstance(num_patches, bool) or num_patches not in _GENERATORS:
        raise ValueError(f"`num_patches` must be one of {sorted(_GENERATORS)}. Received: num_patches={num_patches!r}")
    groups = _shipped(num_patches)
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 2 <= count <= len(groups[-1]):
        raise ValueError(
            f"`count` must be an integer from 2 to {len(groups[-1])} for {num_patches} patches. "
            f"Received: count={count!r}"
        )
    return next(group for group in groups if count <= len(group))[:count]


def spread_groups(num_patches: int) -> dict[int, np.ndarray]:
    """Generate the groups that `permutations.npz` holds.

    A group is sorted, then taken at steps of the golden section around it, so that the permutations of every
    prefix are spread over it, and no patch stays where it was in most of them.

    Args:
        num_patches: 9 or 4.

    Returns:
        By the least number of places in which two elements differ, falling: uint8 arrays (elements, num_patches).

    Example:
        >>> {distance: len(group) for distance, group in spread_groups(9).items()}
        {8: 72, 7: 504, 6: 1512}
    """
    spread = {}
    for distance, generators in _GENERATORS[num_patches].items():
        elements = np.array(sorted(_closure(generators)), np.uint8)
        size = len(elements)
        step = min((s for s in range(1, size) if np.gcd(s, size) == 1), key=lambda s: (abs(s - _GOLDEN * size), s))
        spread[distance] = elements[np.arange(size) * step % size]
    return spread


def least_distance(permutations: np.ndarray) -> int:
    """Count the places in which the two nearest of some permutations differ (Hamming distance).

    Args:
        permutations: integers (count, num_patches), at least two rows.

    Example:
        >>> least_distance(np.array([[0, 1, 2], [1, 2, 0], [1, 0, 2]]))
        2
    """
    return min(
        int(np.count_nonzero(permutations[row + 1 :] != permutations[row], axis=1).min())
        for row in range(len(permutations) - 1)
    )


def _closure(generators: Iterable[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """Returns all products of some permutations."""
    found = {tuple(range(len(next(iter(generators)))))}
    new = found
    while new:
        new = {tuple(generator[point] for point in element) for element in new for generator in generators} - found
        found = found | new
    return found


@functools.cache
def _shipped(num_patches: int) -> tuple[np.ndarray, ...]:
    """Returns the groups of the file, the smallest with the largest distance first."""
    with np.load(FILE) as arrays:
        groups = tuple(arrays[f"{num_patches}_{distance}"] for distance in _GENERATORS[num_patches])
    for group in groups:
        group.setflags(write=False)
    return groups


if __name__ == "__main__":
    made: dict[str, Any] = {
        f"{patches}_{distance}": group for patches in _GENERATORS for distance, group in spread_groups(patches).items()
    }
    np.savez_compressed(FILE, **made)


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
