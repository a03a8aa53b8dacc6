"""An image turned by a multiple of 90 degrees, drawn by seed."""

from typing import Any

import numpy as np

from keras_genssl.pretext.resize import check_image

TURNS = 4


def rotated(example: dict[str, Any], seed: int) -> dict[str, Any]:
    """Turn an image by 0, 90, 180 or 270 degrees, drawn uniformly, which rotation prediction learns to recognise.

    Gidaris et al., 2018. No pixel is resampled, since resampling would leave traces that reveal the turn.

    Reference:
        - Gidaris et al. 2018, [Unsupervised Representation Learning by Predicting Image
          Rotations](https://arxiv.org/abs/1803.07728)

    Args:
        example: a dict whose "image" is uint8 (height, width, 1 or 3).
        seed: non-negative integer. Equal seeds give equal draws.

    Returns:
        "image": uint8, the turned image, contiguous; quarter turns swap its height and width. "rotation": int32
        scalar, the number of quarter turns counter-clockwise, 0 to 3. Nothing else of the example.

    Raises:
        ValueError: if "image" is no such array.

    Example:
        >>> turned = rotated({"image": np.arange(4, dtype=np.uint8).reshape(2, 2, 1)}, seed=1)
        >>> int(turned["rotation"]), turned["image"][..., 0].tolist()
        (1, [[1, 3], [0, 2]])
    """
    image = check_image(example["image"])
    turns = int(np.random.default_rng(seed).integers(TURNS))
    return {"image": np.ascontiguousarray(np.rot90(image, turns)), "rotation": np.int32(turns)}
