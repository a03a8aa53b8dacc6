"""What the translation methods share."""

from typing import Any

from keras import ops

from keras_genssl.engine.shapes import same_shape


def absolute_error(name: str, images: Any, others: Any) -> Any:
    """The mean absolute error of each image, `(batch,)`, of the field `name`, against what was made of them.

    Raises:
        ValueError: If the two have not one shape; when run, where shapes are not known before.
    """
    images = same_shape(f"`{name}`", images, "what is made of it", others)
    return ops.mean(ops.abs(images - others), axis=(1, 2, 3))


def require_weights(**weights: float) -> None:
    """Raises ValueError where a weight of a loss is negative."""
    for name, weight in weights.items():
        if not weight >= 0:
            raise ValueError(f"`{name}` must not be negative. Received: {name}={weight}")
