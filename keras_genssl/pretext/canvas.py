"""Photographs printed on canvas, with changed tones and texture."""

import numpy as np

from keras_genssl.pretext.resize import check_image

_PERIOD = 4  # pixels: two pairs of threads


def canvas_print(image: np.ndarray, warmth: float = 1.6, depth: float = 0.35) -> np.ndarray:
    """Print an image on canvas: warmer tones, and a weave of threads darkened into it.

    With v in [0, 1] a channel becomes `v ** gamma * (1 - depth * weave)`: gamma is `1 / warmth` for red, 1 for
    green and `warmth` for blue (1 for a grey image). The weave is a checkerboard of 2x2 pixels whose phase starts at
    the upper left corner: it is 1 on every second pair of rows where the column's pair is even, and on the other pairs
    of rows where it is odd. In patches cut at multiples of 4 pixels the weave continues.

    Prints are the second domain of an unpaired translation with a known truth: photographs and prints of other
    photographs.

    Args:
        image: uint8 array (height, width, 1 or 3).
        warmth: positive; 1 keeps the tones.
        depth: in [0, 1); 0 keeps the texture.

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> canvas_print(np.full((1, 4, 1), 200, np.uint8), depth=0.5)[0, :, 0].tolist()
        [100, 100, 200, 200]
    """
    image = check_image(image)
    if isinstance(warmth, bool) or not warmth > 0:
        raise ValueError(f"`warmth` must be positive. Received: warmth={warmth!r}")
    if isinstance(depth, bool) or not 0 <= depth < 1:
        raise ValueError(f"`depth` must lie in [0, 1). Received: depth={depth!r}")
    gamma = np.array([1.0] if image.shape[-1] == 1 else [1 / warmth, 1.0, warmth])
    rows, columns = (np.arange(size) * 2 // _PERIOD % 2 for size in image.shape[:2])
    weave = (rows[:, np.newaxis] == columns[np.newaxis])[..., np.newaxis]
    printed = (image / 255.0) ** gamma * (1 - depth * weave)
    return np.rint(printed * 255.0).astype(np.uint8)
