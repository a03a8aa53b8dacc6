"""A hash that near-duplicates share, and the thumbnail that tells whether two images are near-duplicates.

pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.1): the signs of
an image's 64 lowest frequencies relative to their median. On small grey images most pairs of equal hash are only
similar, so `near_duplicates` compares their thumbnails too.
"""

import numpy as np
from PIL import Image

SIDE = 32  # the side of the image from which frequencies are computed
THUMBNAIL = 8  # the side of the thumbnail, and the number of frequencies in each direction


def _cosines() -> np.ndarray:
    """Returns the first rows of the discrete cosine transform as integers: their sums are exact on every machine."""
    frequency, place = np.arange(THUMBNAIL)[:, None], np.arange(SIDE)[None, :]
    return np.rint(1024 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE)))


_COSINES = _cosines()


def shrink(image: Image.Image) -> np.ndarray:
    """Shrinks the luma of an image (ITU-R 601-2) to (32, 32), uint8, by averages over boxes."""
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX))


def hashes(small: np.ndarray) -> np.ndarray:
    """Returns the hashes of shrunk images.

    Args:
        small: uint8 (num_images, 32, 32), from `shrink`.

    Returns:
        uint64 (num_images,). The highest bit is that of the mean, the others follow the rows of frequencies; about
        half of them are set, so distances are mostly even.

    Example:
        >>> falling = np.tile(np.arange(255, 191, -2, dtype=np.uint8), (1, 32, 1))
        >>> f"{int(hashes(falling)[0]):064b}"[:8]  # the mean and the odd frequencies are positive
        '11010101'
    """
    # Products stay below 2**38, so float64 sums are exact in any order.
    spectrum = (_COSINES @ small.astype(np.float64) @ _COSINES.T).reshape(len(small), THUMBNAIL**2)
    bits = np.packbits(spectrum > np.median(spectrum, axis=1, keepdims=True), axis=1)
    return bits.view(">u8").astype(np.uint64).reshape(-1)


def thumbnails(small: np.ndarray) -> np.ndarray:
    """Averages shrunk images further, to uint8 (num_images, 64)."""
    block = SIDE // THUMBNAIL
    sums = small.reshape(-1, THUMBNAIL, block, THUMBNAIL, block).sum((2, 4), dtype=np.uint32)
    half = block * block // 2
    return ((sums + half) // (block * block)).astype(np.uint8).reshape(len(small), THUMBNAIL**2)
