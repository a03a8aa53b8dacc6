"""The Inception features of published FIDs."""

import os
from typing import Any

import keras
import numpy as np

from keras_genssl.metrics.eight_bit import eight_bit

INCEPTION_URL = "https://storage.googleapis.com/download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz"

_SIZE = 299


class InceptionFeatures:
    """The 2048 features ("pool_3") of the InceptionV3 of December 2015, by its own frozen graph.

    Images of any size are quantised to uint8, resized to 299x299 as TensorFlow 1 did (`resize_bilinear_v1`),
    and mapped to ``(x - 128) / 128``; grey images are repeated three times. Call it with images
    ``(count, h, w, 1 or 3)``; it returns float32 ``(count, 2048)``. `inception_features` creates it.

    Args:
        graph: callable from float32 ``(batch, 299, 299, 3)`` to ``(batch, ..., 2048)``, with ``digest``.
        batch_size: images in memory at once, positive.
    """

    name = "inception"

    def __init__(self, graph: Any, batch_size: int = 50) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be positive. Received: batch_size={batch_size}")
        self.graph, self.batch_size, self.digest = graph, batch_size, graph.digest

    def __call__(self, images: Any) -> np.ndarray:
        """Returns features ``(count, 2048)`` of images."""
        images = eight_bit(images)
        if images.shape[-1] not in (1, 3):
            raise ValueError(f"Images must have one channel or three. Received: images of shape {images.shape[1:]}")
        parts = [np.zeros((0, 2048), np.float32)]
        for start in range(0, len(images), self.batch_size):
            resized = resize_bilinear_v1(images[start : start + self.batch_size], _SIZE, _SIZE)
            resized = np.broadcast_to(resized, (*resized.shape[:3], 3))
            # Multiplying by 1/128 is the graph's own way, and exact.
            values = np.asarray(self.graph((resized - np.float32(128)) * np.float32(1 / 128)))
            if values.shape != (len(resized), *values.shape[1:-1], 2048) or values.size != 2048 * len(resized):
                raise ValueError(f"The graph must return 2048 features an image. Received: shape {values.shape}")
            parts.append(values.reshape(-1, 2048))
        return np.concatenate(parts)


def inception_features(source: str | os.PathLike[str] = INCEPTION_URL, sha256: str | None = None) -> InceptionFeatures:
    """Loads the InceptionV3 graph of 2015, with which papers measure FIDs.

    Any other InceptionV3, such as Keras' own, and any other resize give other numbers.

    Args:
        source: ``classify_image_graph_def.pb``, the archive ``inception-2015-12-05.tgz`` it came in, or a URL of
            either, downloaded to Keras' cache once.
        sha256: digest of the file, checked after a download; None for no check.

    Returns:
        A callable, images -> features.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a graph with the tensors ``Mul:0`` and ``pool_3:0``.

    Example:

        fid = kg.metrics.FID(kg.metrics.inception_features("inception-2015-12-05.tgz"), real_images)
        fid(samples)                                                  # 50,000 of each, as in papers
    """
    # TensorFlow runs its own graph. Under another backend, nothing else in this package needs it.
    from keras_genssl.engine.frozen_graph import FrozenGraph

    path = os.fspath(source)
    if "://" in path:
        path = keras.utils.get_file(origin=path, cache_subdir="keras_genssl", file_hash=sha256, hash_algorithm="sha256")
    return InceptionFeatures(FrozenGraph(path, "Mul:0", "pool_3:0", (None, _SIZE, _SIZE, 3)))


def resize_bilinear_v1(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize images as TensorFlow 1's ``resize_bilinear`` did by default, in float32.

    Output pixel ``i`` is read at ``i * in / out``: corners are not aligned, pixels are addressed by their top left
    corner (the picture moves by half a pixel), and down-scaling does not average.

    Args:
        images: ``(batch, h, w, channels)``, not empty, any dtype.
        height: height of the output, positive.
        width: width of the output, positive.

    Returns:
        float32 ``(batch, height, width, channels)``.

    Raises:
        ValueError: if a size is not positive or the images are not ``(batch, h, w, channels)``.

    Example:
        >>> resize_bilinear_v1(np.array([0.0, 10.0]).reshape(1, 1, 2, 1), 1, 4).ravel().tolist()
        [0.0, 5.0, 10.0, 10.0]
    """
    if images.ndim != 4 or 0 in images.shape[1:3]:
        raise ValueError(f"`images` must be (batch, h, w, channels). Received: shape {images.shape}")
    if min(height, width) < 1:
        raise ValueError(f"`height` and `width` must be positive. Received: height={height}, width={width}")
    lower_y, upper_y, share_y = _positions(images.shape[1], height)
    lower_x, upper_x, share_x = _positions(images.shape[2], width)
    images = images.astype(np.float32)
    share_x = share_x[:, None]
    rows = {}
    for name, index in (("top", lower_y), ("bottom", upper_y)):
        left, right = images[:, index][:, :, lower_x], images[:, index][:, :, upper_x]
        rows[name] = left + (right - left) * share_x
    return rows["top"] + (rows["bottom"] - rows["top"]) * share_y[:, None, None]


def _positions(size: int, new_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns lower and upper pixel of each output position, and the share of the upper, in float32 like the kernel."""
    position = np.arange(new_size, dtype=np.float32) * (np.float32(size) / np.float32(new_size))
    lower = np.floor(position).astype(np.int64)
    return lower, np.minimum(lower + 1, size - 1), position - lower.astype(np.float32)
