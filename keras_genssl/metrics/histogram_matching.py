"""Histogram matching: the baseline of translation that changes only tones."""

from typing import Any

import numpy as np

from keras_genssl.metrics.eight_bit import eight_bit


def histogram_matching(images: Any, references: Any, each: bool = True) -> np.ndarray:
    """Gives images the distribution of levels of another domain, by a monotonic map of levels.

    Each level is mapped to the level of the same quantile in the pooled references, linearly interpolated between the
    levels that occur there, channel by channel (Gonzalez and Woods, "Digital image processing"; equal to scikit-image's
    `match_histograms` for a single image).

    Args:
        images: (num_images, height, width, channels), uint8, or float in [-1, 1], which is quantised to uint8 first.
        references: (num_references, height, width, channels), images of the other domain, which are pooled; dtype as
            in `images`.
        each: whether quantiles are computed for each image, so that every image gets the whole distribution. If False,
            they are computed for all `images` together, and all images get the same map.

    Returns:
        float64 array of the shape of `images`, levels in [0, 255].

    Raises:
        ValueError: if an argument is invalid or empty, or the channels differ.

    Example:
        >>> images = np.array([0, 0, 1, 1], np.uint8).reshape(1, 2, 2, 1)
        >>> histogram_matching(images, np.array([50, 200], np.uint8).reshape(1, 1, 2, 1)).ravel().tolist()
        [50.0, 50.0, 200.0, 200.0]
    """
    images, references = eight_bit(images, "images"), eight_bit(references, "references")
    if not images.size or not references.size:
        raise ValueError(
            "`images` and `references` must hold an image at least. "
            f"Received: shapes {images.shape} and {references.shape}"
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
