"""Features of images in colour that need no weights from elsewhere."""

from typing import Any

import keras
import numpy as np

from keras_genssl.backbones.perceptual import perceptual_extractor
from keras_genssl.checks import arrays

_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv2")
_BATCH = 50


class SmallFeatures:
    """Means over all pixels of three layers of a small convolutional network with random weights of a fixed seed.

    Use it for `FID` and `KID` of photographs if nothing can be downloaded. The network is that of
    `perceptual_extractor("small")`; its random filters respond to colours, edges and textures, not to objects.
    Distances in these features compare methods on the same images. They cannot be compared with distances in
    `inception_features`, which papers report.

    Attributes:
        digest: identifies the network and its weights.

    Example:
        >>> images = np.random.default_rng(0).integers(256, size=(2, 16, 24, 3), dtype=np.uint8)
        >>> SmallFeatures()(images).shape
        (2, 168)
    """

    name = "small"  # the metrics put it before their own: "small_fid"
    digest = "small_extractor, seed 0, means of block1_conv2, block2_conv2 and block3_conv2"

    def __init__(self) -> None:
        self._extractor = perceptual_extractor("small", _LAYERS)

    def __call__(self, images: Any) -> np.ndarray:
        """The features of images, which are rounded to eight bits first.

        Args:
            images: ``(batch, height, width, 1 or 3)``, uint8 or float in [-1, 1]; grey images are repeated three times.

        Returns:
            Float32 ``(batch, 168)``.

        Raises:
            ValueError: if the images have another shape, dtype or range.
        """
        images = arrays.level_batch(images)
        parts = []
        for start in range(0, len(images), _BATCH):
            batch = arrays.signed(images[start : start + _BATCH])
            batch = np.repeat(batch, 3, axis=-1) if batch.shape[-1] == 1 else batch
            maps = self._extractor(batch)
            parts.append(np.concatenate([keras.ops.convert_to_numpy(one).mean((1, 2)) for one in maps], axis=-1))
        return np.concatenate(parts)
