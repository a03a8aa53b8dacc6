"""From labelled images to labelled features, which is what every measure of a representation takes."""

from typing import Any

import numpy as np

from keras_genssl.analysis.batches import Function, encode_images


def encode_labelled(encode: Function, labelled: Any, batch_size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """The features of labelled images, and their labels.

    In memory are the features, and of a dataset's images one batch.

    Args:
        encode: maps float32 images `(batch, height, width, channels)` in [-1, 1] to features `(batch, ...)`.
        labelled: arrays `(images, labels)`, images `(num, height, width, channels)`, uint8 or float in [-1, 1], and
            labels `(num,)`; or a finite dataset of batches of such, as tuples or under `"image"` and `"label"`. A
            dataset of `data.load` is read from its first epoch, and its position is left as it was.
        batch_size: images handed over at once.

    Returns:
        float32 features `(num, dim)`, flattened where they have more dimensions, and labels `(num,)`.

    Raises:
        ValueError: if an argument is not as said, or there are no images.

    Example:
        >>> images, labels = np.full((3, 2, 2, 1), 255, np.uint8), [5, 6, 7]
        >>> features, labels = encode_labelled(lambda images: images[:, 0], (images, labels))
        >>> features.tolist(), labels.tolist()
        ([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], [5, 6, 7])
    """
    if isinstance(labelled, (tuple, list)):
        return _encoded(encode, labelled, batch_size)
    cardinality = getattr(labelled, "cardinality", None)
    if cardinality is None or int(cardinality()) == -1:  # tf.data's INFINITE_CARDINALITY
        raise ValueError(
            "`labelled` must be arrays (images, labels) or a finite tf.data.Dataset. "
            f"Received: {'a dataset without end' if cardinality else type(labelled).__name__}"
        )
    parts = []
    order = getattr(labelled, "order", None)
    position = None if order is None else order.position
    options = type(labelled.options())()
    options.autotune.enabled = False  # whose thread can hold up the iterator's end for a minute (TensorFlow 2.21)
    try:
        if order is not None:
            order.position = (0, 0)
        for batch in labelled.with_options(options):
            if isinstance(batch, dict):
                batch = [batch[name] for name in ("image", "label") if name in batch]
            parts.append(_encoded(encode, batch, batch_size))
    finally:
        if order is not None:
            order.position = position
    if not parts:
        raise ValueError("`labelled` must hold an image at least. Received: none")
    features, labels = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(labels)


def _encoded(encode: Function, pair: Any, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError("`labelled` must hold images and labels, two parts. Received: another number")
    images, labels = (np.asarray(part) for part in pair)
    if images.ndim != 4 or labels.shape != images.shape[:1]:
        raise ValueError(
            "`labelled` must hold images (num, height, width, channels) and labels (num,). "
            f"Received: shapes {images.shape} and {labels.shape}"
        )
    features = encode_images(encode, images, batch_size)
    return features.reshape(len(images), -1).astype(np.float32), labels
