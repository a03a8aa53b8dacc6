"""Functions shared by the translation methods."""

from typing import Any

from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine.shapes import same_shape


def absolute_error(name: str, images: Any, others: Any) -> Any:
    """The mean absolute error between each image of the input `name` and its translation, `(batch,)`.

    Raises:
        ValueError: If the two differ in shape; raised when the step runs if shapes are not known before.
    """
    images = same_shape(f"`{name}`", images, "what is made of it", others)
    return ops.mean(ops.abs(images - others), axis=(1, 2, 3))


def require_weights(**weights: float) -> None:
    """Raises ValueError if a weight of a loss is negative or not finite."""
    for name, weight in weights.items():
        finite(name, weight, 0)
