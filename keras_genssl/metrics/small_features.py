"""Features of colour images that need no downloaded weights."""

from typing import Any

import keras
import numpy as np

from keras_genssl.backbones.perceptual import perceptual_extractor

_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv2")
_BATCH = 50


class SmallFeatures:
    """Means over all pixels of three layers of a small convolutional network with random weights of a fixed seed.

    A feature network for `FID` and `KID` of photographs without a download. It is the network of
    `perceptual_extractor("small")`, whose random filters respond to colours, edges and textures, but not to objects.
    Its distances compare methods on the same images. They cannot be compared with those of `inception_features`, which
    papers report.

    Attributes:
        digest: identifies these features.

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
        """Returns features: uint8 ``(batch, height, width, 1 or 3)``, grey or colour, to float32 ``(batch, 168)``."""
        images = np.asarray(images)
        parts = []
        for start in range(0, len(images), _BATCH):
            batch = images[start : start + _BATCH].astype(np.float32) / 127.5 - 1.0
            batch = np.repeat(batch, 3, axis=-1) if batch.shape[-1] == 1 else batch
            maps = self._extractor(batch)
            parts.append(np.concatenate([keras.ops.convert_to_numpy(one).mean((1, 2)) for one in maps], axis=-1))
        return np.concatenate(parts)
