"""Images reduced to bins of colour."""

import numpy as np

from keras_genssl.pretext.ab_bins import ab_bins, nearest_ab_bin
from keras_genssl.pretext.lab import lab_to_rgb, rgb_to_lab


def binned_colours(image: np.ndarray, lightness: float = 65.0) -> np.ndarray:
    """Show the nearest bin of colour of each pixel at one lightness: the target of colorization.

    sRGB does not have every bin at every lightness; colours outside it are clipped in the picture.

    Args:
        image: uint8 array (height, width, 1 or 3).
        lightness: L of all pixels, in [0, 100].

    Returns:
        uint8 array (height, width, 3).

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> binned_colours(np.uint8([[[0, 0, 0], [40, 40, 40], [255, 255, 255]]])).tolist()  # all greys are one bin
        [[[158, 158, 158], [158, 158, 158], [158, 158, 158]]]
    """
    if isinstance(lightness, bool) or not 0 <= lightness <= 100:
        raise ValueError(f"`lightness` must lie in [0, 100]. Received: lightness={lightness!r}")
    colours = ab_bins()[nearest_ab_bin(rgb_to_lab(image)[..., 1:])]
    return lab_to_rgb(np.concatenate([np.full_like(colours[..., :1], lightness), colours], axis=-1))
