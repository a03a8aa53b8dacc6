"""Histogram matching: the baseline of translation that changes tones alone."""

import numpy as np


def histogram_matching(images: np.ndarray, references: np.ndarray, each: bool = True) -> np.ndarray:
    """Give images the distribution of levels of another domain, by a map of levels that keeps their order.

    A level goes to the level of the same quantile in the pooled references, linearly interpolated between those
    that occur there, channel by channel (Gonzalez and Woods, "Digital image processing"; equal to scikit-image's
    `match_histograms` for a single image).

    Args:
        images: uint8 array (num_images, height, width, channels).
        references: uint8 array (num_references, height, width, channels) of the other domain, pooled.
        each: whether an image's quantiles are its own, so that every image gets the whole distribution, or those
            of all `images` together, so that one map serves them all.

    Returns:
        float64 array of the shape of `images`, levels in [0, 255].

    Raises:
        ValueError: if an argument is no such array, or the channels differ.

    Example:
        >>> images = np.array([0, 0, 1, 1], np.uint8).reshape(1, 2, 2, 1)
        >>> histogram_matching(images, np.array([50, 200], np.uint8).reshape(1, 1, 2, 1)).ravel().tolist()
        [50.0, 50.0, 200.0, 200.0]
    """
    for name, array in (("images", images), ("references", references)):
        if array.dtype != np.uint8 or array.ndim != 4 or not array.size:
            raise ValueError(
                f"`{name}` must be a uint8 array (num, height, width, channels). "
                f"Received: dtype={array.dtype}, shape={array.shape}"
            )
    if images.shape[-1] != references.shape[-1]:
        raise ValueError(
            "`images` and `references` must have equally many channels. "
            f"Received: {images.shape[-1]} and {references.shape[-1]}"
        )
    matched = np.empty(images.shape, np.float64)
    for channel in range(images.shape[-1]):
        counts = np.bincount(references[..., channel].ravel(), minlength=256)
        levels = np.flatnonzero(counts)
        quantiles = np.cumsum(counts[levels]) / counts.sum()
        for rows in range(len(images)) if each else [slice(None)]:
            plane = images[rows, ..., channel]
            own = np.cumsum(np.bincount(plane.ravel(), minlength=256)) / plane.size
            matched[rows, ..., channel] = np.interp(own, quantiles, levels)[plane]
    return matched
