"""Overlapping patches, for contrastive predictive coding."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from keras_genssl.pretext.resize import check_image, grey, integers, probabilities, random_crop


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


DIRECTIONS = ("down", "up", "right", "left")


def check_prediction(rows: int, columns: int, steps: Sequence[int], directions: Sequence[str]) -> None:
    """Check that the steps can be predicted on a grid.

    Args:
        rows, columns: size of the grid, integers of at least 1.
        steps: different integers of at least 1, less than `rows` (less than `columns` to the right and left).
        directions: members of `DIRECTIONS`, each at most once.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> check_prediction(rows=6, columns=6, steps=[9], directions=["down"])
        Traceback (most recent call last):
        ...
        ValueError: `steps` must be different integers from 1 to 5 on a grid of 6 x 6. Received: steps=[9]
    """
    integers(1, rows=rows, columns=columns)
    named = () if isinstance(directions, str) else tuple(directions)
    if not named or set(named) - set(DIRECTIONS) or len(set(named)) < len(named):
        raise ValueError(f"`directions` must be of {DIRECTIONS}, each once. Received: directions={directions!r}")
    length = min(rows if direction in ("down", "up") else columns for direction in named)
    ahead = tuple(steps) if isinstance(steps, Iterable) else ()
    whole = all(isinstance(step, (int, np.integer)) and not isinstance(step, bool) for step in ahead)
    if not ahead or not whole or len(set(ahead)) < len(ahead) or not all(1 <= step < length for step in ahead):
        raise ValueError(
            f"`steps` must be different integers from 1 to {length - 1} on a grid of {rows} x {columns}. "
            f"Received: steps={steps!r}"
        )


_GREY = 128  # level of the pixels that a rotation or a shear brings in from outside


def _affine(image: Image.Image, *coefficients: float) -> Image.Image:
    """Pixel (x, y) comes from (a x + b y + c, d x + e y + f)."""
    fill = _GREY if image.mode == "L" else (_GREY,) * 3
    return image.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR, fillcolor=fill)


def _rotated(image: Image.Image, amount: float) -> Image.Image:
    fill = _GREY if image.mode == "L" else (_GREY,) * 3
    return image.rotate(30 * amount, Image.Resampling.BILINEAR, fillcolor=fill)


# In alphabetical order, since a draw is an index into it. An amount lies in [-1, 1].
_OPERATIONS: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "autocontrast": lambda image, _: ImageOps.autocontrast(image),
    "brightness": lambda image, amount: ImageEnhance.Brightness(image).enhance(1 + 0.9 * amount),
    "color": lambda image, amount: ImageEnhance.Color(image).enhance(1 + 0.9 * amount),
    "contrast": lambda image, amount: ImageEnhance.Contrast(image).enhance(1 + 0.9 * amount),
    "equalize": lambda image, _: ImageOps.equalize(image),
    "posterize": lambda image, amount: ImageOps.posterize(image, 8 - round(4 * abs(amount))),
    "rotate": _rotated,
    "sharpness": lambda image, amount: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * amount),
    "shear_x": lambda image, amount: _affine(image, 1, 0.3 * amount, 0, 0, 1, 0),
    "shear_y": lambda image, amount: _affine(image, 1, 0, 0, 0.3 * amount, 1, 0),
    "solarize": lambda image, amount: ImageOps.solarize(image, round(128 * (1 + amount))),
}

OPERATIONS: tuple[str, ...] = tuple(_OPERATIONS)
"""The names that `augment` knows."""


def augment(image: np.ndarray, operation: str, amount: float) -> np.ndarray:
    """Change an image in one of the ways of AutoAugment, over the ranges of its paper.

    Cubuk et al., 2019 (https://arxiv.org/abs/1805.09501), Table 6, without inversion, cutout, pairing and shifts.

    Args:
        image: uint8 array (height, width, 1 or 3).
        operation: one of `OPERATIONS`: "autocontrast" and "equalize" ignore the amount; "brightness", "color",
            "contrast" and "sharpness" are scaled by 1 + 0.9 `amount`; "posterize" keeps 8 - 4 |`amount`| bits, rounded;
            "rotate" turns by 30 `amount` degrees; "shear_x" and "shear_y" shear by 0.3 `amount` about the first row
            or column; "solarize" inverts levels from 128 (1 + `amount`) on.
        amount: in [-1, 1].

    Returns:
        uint8 array of the same shape; pixels from outside the image are grey.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> augment(np.array([[[100], [200]]], np.uint8), "solarize", 0.0).ravel().tolist()
        [100, 55]
    """
    if operation not in _OPERATIONS:
        raise ValueError(f"`operation` must be one of {list(OPERATIONS)}. Received: operation={operation!r}")
    if isinstance(amount, bool) or not -1 <= amount <= 1:
        raise ValueError(f"`amount` must lie in [-1, 1]. Received: amount={amount!r}")
    gray = image.shape[-1] == 1
    changed = np.array(_OPERATIONS[operation](Image.fromarray(image[..., 0] if gray else image), amount), np.uint8)
    return changed[..., np.newaxis] if gray else changed
