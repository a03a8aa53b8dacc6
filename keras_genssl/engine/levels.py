"""Images as integer levels, for methods that predict a pixel's level."""

from typing import Any

import tensorflow as tf

from keras_genssl.kinds.rules import require

_MOST = 0.25  # of the distance of two levels: how far from a level a float may lie


def to_levels(images: Any, num_levels: int) -> Any:
    """Images in [-1, 1] as integers in [0, num_levels), evenly spaced from -1 to 1.

    A pixel may be off its level by what rounding to eight bits changes, and by at most a quarter of a level.

    Args:
        images: float `(batch, h, w, c)`, as a kind converts them.
        num_levels: at least 2.

    Returns:
        int32 `(batch, h, w, c)`.

    Raises:
        RuleError: When run, if a pixel lies between levels. XLA drops the check; there the nearest level is taken.

    Example:
        >>> to_levels(tf.constant([-1.0, 1.0]), 256).numpy().tolist()
        [0, 255]
    """
    places = (tf.cast(images, tf.float32) + 1.0) * (0.5 * (num_levels - 1))
    levels = tf.clip_by_value(tf.round(places), 0.0, num_levels - 1.0)
    allowed = min(0.51 * (num_levels - 1) / 255.0, _MOST)
    rule = (
        f"`image` must hold {num_levels} evenly spaced levels from black to white, which the likelihood of this model "
        "knows (`pretext.quantized` and `pretext.binarized` round images to levels). Received: pixels between levels"
    )
    with tf.control_dependencies([require(tf.reduce_all(tf.abs(places - levels) <= allowed), rule)]):
        return tf.cast(levels, tf.int32)


def from_levels(levels: Any, num_levels: int) -> Any:
    """Integers in [0, num_levels) as float32 images in [-1, 1].

    Example:
        >>> from_levels(tf.constant([0, 1, 2]), 3).numpy().tolist()
        [-1.0, 0.0, 1.0]
    """
    return tf.cast(levels, tf.float32) * (2.0 / (num_levels - 1)) - 1.0
