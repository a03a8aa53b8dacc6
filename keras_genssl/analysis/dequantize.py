"""Dequantisation of pixels, to make densities comparable."""

import numpy as np


def dequantize(images: np.ndarray, seed: int) -> np.ndarray:
    """Adds uniform noise of the width of a grey level: `2 (k + u) / 256 - 1` with u uniform on [0, 1).

    A density of pixels that take 256 values has no upper bound: a model may put a spike on each. With noise of one
    level the mean log-density is a lower bound on that of the discrete images (Theis et al., 2015,
    arXiv:1511.01844, Section 3.1). To compare two models, dequantise once and judge both on the result.

    Args:
        images: uint8, any shape.
        seed: Seed of the noise, at least 0.

    Returns:
        float32 in [-1, 1), of the same shape.

    Raises:
        ValueError: If the images are not uint8.

    Example:
        >>> pixels = np.array([0, 255], np.uint8)
        >>> np.floor((dequantize(pixels, seed=0) + 1) * 128).tolist()
        [0.0, 255.0]
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"`images` must be uint8: what is dequantised was stored. Received: dtype={images.dtype}")
    noise = np.random.default_rng(seed).random(images.shape, dtype=np.float32)
    # Just below 1: 255 + u rounds to 256 in float32 if u is near 1.
    return np.minimum((images + noise) / 128.0 - 1.0, np.nextafter(np.float32(1), np.float32(0))).astype(np.float32)
