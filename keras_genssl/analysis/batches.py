"""Runs any `encode` or `decode` over any number of images, batch by batch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.checks import arrays

Function = Callable[[Any], Any]


def encode_images(encode: Function, images: npt.ArrayLike, batch_size: int = 256) -> np.ndarray:
    """Applies a function of images to all of them, batch by batch.

    Args:
        encode: maps float32 images `(batch, height, width, channels)` in [-1, 1] to an array `(batch, ...)`:
            a model's `encode`, `reconstruct`, `elbo`, or a network.
        images: `(num, height, width, channels)`, uint8 or float in [-1, 1].
        batch_size: images passed at once; the last batch may be smaller.

    Returns:
        Array `(num, ...)`.

    Raises:
        ValueError: if the images or `batch_size` are invalid, or an answer is of another length.

    Example:
        >>> images = np.full((5, 2, 2, 1), 255, np.uint8)
        >>> encode_images(lambda batch: batch.reshape(len(batch), -1).sum(1), images, batch_size=2).tolist()
        [4.0, 4.0, 4.0, 4.0, 4.0]
    """
    images = arrays.checked_images(images)
    if images.ndim != 4 or not len(images):
        raise ValueError(f"`images` must be (num, height, width, channels). Received: shape {images.shape}")
    return _in_batches(lambda batch: encode(to_float(batch)), images, batch_size)


def decode_codes(decode: Function, codes: npt.ArrayLike, batch_size: int = 256) -> np.ndarray:
    """Decodes codes `(num, ...)` by a `decode` that takes `(batch, ...)`, batch by batch.

    Args:
        decode: maps float32 codes to images `(batch, height, width, channels)`.
        codes: `(num, ...)`.
        batch_size: codes passed at once; the last batch may be smaller.

    Returns:
        Array `(num, height, width, channels)`.

    Raises:
        ValueError: if there are no codes, `batch_size` is below 1, or an answer is of another length.

    Example:
        >>> decode_codes(lambda codes: codes.reshape(-1, 2, 1, 1), np.ones((3, 2))).shape
        (3, 2, 1, 1)
    """
    codes = np.asarray(codes, np.float32)
    if codes.ndim < 2 or not len(codes):
        raise ValueError(f"`codes` must be (num, ...). Received: shape {codes.shape}")
    return _in_batches(decode, codes, batch_size)


def to_float(images: npt.ArrayLike) -> np.ndarray:
    """Returns images as float32 in [-1, 1]: uint8 is scaled, floats are checked.

    Args:
        images: uint8, or float in [-1, 1]; of any shape.

    Returns:
        float32 array of the same shape.

    Raises:
        ValueError: if the dtype is another, or a float lies outside [-1, 1].

    Example:
        >>> to_float(np.array([0, 255], np.uint8)).tolist()
        [-1.0, 1.0]
    """
    return arrays.signed(images)


def _in_batches(function: Function, inputs: np.ndarray, batch_size: int) -> np.ndarray:
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
    answers = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        answer = np.asarray(function(batch))
        if not answer.ndim or len(answer) != len(batch):
            raise ValueError(
                f"The function must answer (batch, ...). Received: shape {answer.shape} for a batch of {len(batch)}"
            )
        answers.append(answer)
    return np.concatenate(answers)
