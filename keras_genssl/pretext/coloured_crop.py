"""Random crops that contain colour."""

from typing import Any

import numpy as np

from keras_genssl.pretext.lab import rgb_to_lab
from keras_genssl.pretext.resize import check_image

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
