"""Turned images."""

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


def dihedral(example: dict[str, Any], seed: int, permute_channels: bool = False) -> dict[str, Any]:
    """Flip and rotate all images of an example alike, by one of the eight symmetries of the square.

    The geometric augmentation of EDSR (Lim et al., 2017) and, with `permute_channels`, the RGB shuffle of later
    super-resolution work. Bicubic down-scaling commutes with it, so a pair stays a pair.

    Reference:
        - Lim et al. 2017, [Enhanced Deep Residual Networks for Single Image
          Super-Resolution](https://arxiv.org/abs/1707.02921)

    Args:
        example: a dict; its arrays of shape (height, width, channels) are images, all else passes unchanged.
        seed: non-negative integer. Equal seeds give equal draws.
        permute_channels: also draw one order of the channels; the images must then have equally many.

    Returns:
        A new dict with contiguous arrays. A quarter turn swaps the height and width of an image.

    Raises:
        ValueError: if `permute_channels` is set and the images differ in their number of channels.

    Example:
        >>> example = {"image": np.arange(4, dtype=np.uint8).reshape(2, 2, 1)}
        >>> dihedral(example, seed=3)["image"].shape
        (2, 2, 1)
    """
    rng = np.random.default_rng(seed)
    turns, flip = divmod(int(rng.integers(8)), 2)
    images = {name: value for name, value in example.items() if isinstance(value, np.ndarray) and value.ndim == 3}
    order: np.ndarray | None = None
    if permute_channels:
        channels = {image.shape[-1] for image in images.values()}
        if len(channels) > 1:
            raise ValueError(
                "`permute_channels` needs images with equally many channels. "
                f"Received: { ({name: image.shape for name, image in images.items()}) }"
            )
        order = rng.permutation(max(channels, default=0))
    turned = {}
    for name, image in images.items():
        image = np.rot90(image, turns)
        image = image[:, ::-1] if flip else image
        turned[name] = np.ascontiguousarray(image if order is None else image[..., order])
    return {**example, **turned}
