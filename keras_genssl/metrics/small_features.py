"""Features of images in colour that need no weights from elsewhere."""

from typing import Any

import keras
import numpy as np

from keras_genssl.backbones.perceptual import perceptual_extractor
from keras_genssl.checks import arrays
from keras_genssl.metrics.image_quality import eight_bit

_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv2")
_BATCH = 50


class SmallFeatures:
    """Means over all pixels of three layers of a small convolutional network with random weights of a fixed seed.

    A feature network for `FID` and `KID` of photographs where nothing may be downloaded. It is that of
    `perceptual_extractor("small")`, whose random filters answer to colours, edges and textures, and to nothing that has
    a name. Its distances compare methods on the same images. They never compare with those of `inception_features`,
    which papers have.

    Attributes:
        digest: tells these features from others.

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
        """The features of images, seen in eight bits.

        Args:
            images: ``(batch, height, width, 1 or 3)``, uint8 or float in [-1, 1]; grey counts as colour.

        Returns:
            Float32 ``(batch, 168)``.

        Raises:
            ValueError: if the images are not as said.
        """
        images = eight_bit(images)
        parts = []
        for start in range(0, len(images), _BATCH):
            batch = arrays.signed(images[start : start + _BATCH])
            batch = np.repeat(batch, 3, axis=-1) if batch.shape[-1] == 1 else batch
            maps = self._extractor(batch)
            parts.append(np.concatenate([keras.ops.convert_to_numpy(one).mean((1, 2)) for one in maps], axis=-1))
        return np.concatenate(parts)
