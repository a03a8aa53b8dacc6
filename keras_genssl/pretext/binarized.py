"""Grey images made black and white."""

from typing import Any

import numpy as np


def binarized(example: dict[str, Any], seed: int, threshold: float = 0.5) -> dict[str, Any]:
    """Make all images of an example black and white: 255 above the threshold, 0 elsewhere.

    Bernoulli likelihoods need such images. The transform is deterministic, so an image has the same binarisation in
    every epoch. Random bits in each epoch (dynamic binarisation) give other likelihoods, which cannot be compared.

    Args:
        example: a dict; its arrays of shape (height, width, channels) are images, all else passes unchanged.
        seed: not used; a transform takes one.
        threshold: in (0, 1), on the scale of [0, 1].

    Returns:
        A new dict.

    Raises:
        ValueError: if `threshold` is not inside (0, 1).

    Example:
        >>> example = {"image": np.array([[[127], [128]]], dtype=np.uint8)}
        >>> binarized(example, seed=0)["image"].ravel().tolist()
        [0, 255]
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"`threshold` must lie inside (0, 1). Received: threshold={threshold}")
    images = {name: value for name, value in example.items() if isinstance(value, np.ndarray) and value.ndim == 3}
    return {**example, **{name: (image > 255.0 * threshold).astype(np.uint8) * 255 for name, image in images.items()}}
