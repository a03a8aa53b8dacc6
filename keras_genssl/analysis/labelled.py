"""Labelled features from labelled images, the input of all measures of a representation."""

import contextlib
from collections.abc import Generator
from typing import Any

import numpy as np

from keras_genssl.analysis.batches import Function, encode_images
from keras_genssl.checks import arrays
from keras_genssl.checks.arrays import checked_labels


def encode_labelled(encode: Function, labelled: Any, batch_size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Returns the features of labelled images, and their labels.

    Memory holds the features, and one batch of a dataset's images.

    Args:
        encode: maps float32 images `(batch, height, width, channels)` in [-1, 1] to features `(batch, ...)`.
        labelled: arrays `(images, labels)`, images `(num, height, width, channels)`, uint8 or float in [-1, 1], and
            labels `(num,)`, integers or strings; or a finite dataset of batches of such, as tuples or under `"image"`
            and `"label"`. A dataset of `data.load` is read from its first epoch, and its position is left as it was.
        batch_size: images passed at once.

    Returns:
        float32 features `(num, dim)`, flattened where they have more dimensions, and labels `(num,)`, int64 or strings.

    Raises:
        ValueError: if an argument is invalid, or there are no images.

    Example:
        >>> images, labels = np.full((3, 2, 2, 1), 255, np.uint8), [5, 6, 7]
        >>> features, labels = encode_labelled(lambda images: images[:, 0], (images, labels))
        >>> features.tolist(), labels.tolist()
        ([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], [5, 6, 7])
    """
    with contextlib.closing(labelled_batches(labelled)) as batches:
        parts = [
            (encode_images(encode, images, batch_size).reshape(len(images), -1).astype(np.float32), labels)
            for images, labels in batches
        ]
    features, labels = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(labels)


def labelled_batches(labelled: Any) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    """Yields images and labels: the batches of a dataset, or arrays as one batch.

    Args:
        labelled: as `encode_labelled` takes it.

    Yields:
        Images `(num, height, width, channels)` and labels `(num,)`.

    Raises:
        ValueError: if `labelled` is invalid, or there are no images.

    Example:
        >>> [(images.shape, labels.tolist()) for images, labels in labelled_batches((np.zeros((2, 8, 8, 1)), [3, 4]))]
        [((2, 8, 8, 1), [3, 4])]
    """
    if isinstance(labelled, (tuple, list)):
        yield checked_pair(labelled)
        return
    cardinality = getattr(labelled, "cardinality", None)
    if cardinality is None or int(cardinality()) == -1:  # tf.data's INFINITE_CARDINALITY
        raise ValueError(
            "`labelled` must be arrays (images, labels) or a finite tf.data.Dataset. "
            f"Received: {'a dataset without end' if cardinality else type(labelled).__name__}"
        )
    order = getattr(labelled, "order", None)
    position = None if order is None else order.position
    options = type(labelled.options())()
    options.autotune.enabled = False  # its thread can delay the iterator's end by a minute (TensorFlow 2.21)
    empty = True
    try:
        if order is not None:
            order.position = (0, 0)
        for batch in labelled.with_options(options):
            if isinstance(batch, dict):
                batch = [batch[name] for name in ("image", "label") if name in batch]
            empty = False
            yield checked_pair(batch)
    finally:
        if order is not None:
            order.position = position
    if empty:
        raise ValueError("`labelled` must hold an image at least. Received: none")


def count_labelled(labelled: Any, enough: int) -> int:
    """Returns the number of images, or some number of at least `enough`, so that no more of them are read.

    Args:
        labelled: as `encode_labelled` takes it. Arrays and datasets of `data.load` are counted without reading.
        enough: number at which counting may stop.

    Returns:
        The exact number if it is below `enough`, otherwise some number of at least `enough`.

    Raises:
        ValueError: if `labelled` is invalid, or there are no images.

    Example:
        >>> count_labelled((np.zeros((2, 8, 8, 1)), [3, 4]), 10)
        2
    """
    order = getattr(labelled, "order", None)
    if order is not None:
        whole = order.steps_per_epoch * (order.batch_size or 1)
        return int(whole if order.drop_remainder else order.num_examples)
    count = 0
    with contextlib.closing(labelled_batches(labelled)) as batches:
        for images, _ in batches:
            count += len(images)
            if count >= enough:
                break
    return count


def require_labelled(labelled: Any) -> None:
    """Raises, before training, if `encode_labelled` would refuse arrays; a dataset is not read.

    Raises:
        ValueError: if `labelled` is arrays and these are invalid.
    """
    if isinstance(labelled, (tuple, list)):
        checked_pair(labelled)


def checked_pair(pair: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns images and labels as arrays, after a check that `pair` is what `encode_labelled` takes."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError("`labelled` must hold images and labels, two parts. Received: another number")
    images = arrays.checked_images(pair[0])
    if images.ndim != 4:
        raise ValueError(
            "`labelled` must hold images (num, height, width, channels) and labels (num,). "
            f"Received: images of shape {images.shape}"
        )
    return images, checked_labels(pair[1], "labels", images)
