"""Distances between embeddings, with the values of TensorFlow Addons and gradients that are finite everywhere."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.shapes import check_same_shape
from keras_genssl.losses.contrastive.directions import directions

Distance = str | Callable[[Any], Any]

METRICS = ("L2", "squared-L2", "angular")


@keras.saving.register_keras_serializable(package="keras_genssl")
def pairwise_distances(embeddings: Any, distance_metric: Distance = "L2") -> Any:
    """Distances between all rows of a batch, ``(batch, batch)``.

    Args:
        embeddings: float ``(batch, dim)``; half precision is converted to float32.
        distance_metric: "L2", ``|a - b|``; "squared-L2", ``|a - b|^2``; "angular", ``1 - cos(a, b)``; or a
            function from embeddings ``(batch, dim)`` to distances ``(batch, batch)``.

    Returns:
        The distances, at least 0 unless a function gives others. They are computed as ``|a|^2 + |b|^2 - 2 a b``, which
        needs no ``(batch, batch, dim)`` tensor; near 0 the error is about ``3e-4 |a|`` ("L2", float32).

    Example:
        >>> [[float(x) for x in row] for row in pairwise_distances(ops.convert_to_tensor([[0.0, 3.0], [4.0, 0.0]]))]
        [[0.0, 5.0], [5.0, 0.0]]
    """
    if callable(distance_metric):
        return distance_metric(embeddings)
    embeddings = as_float(embeddings)
    if distance_metric == "angular":
        unit = directions(embeddings)
        return ops.maximum(1.0 - ops.matmul(unit, ops.transpose(unit)), 0.0)
    norms = ops.sum(ops.square(embeddings), axis=1)
    squared = norms[:, None] + norms[None, :] - 2.0 * ops.matmul(embeddings, ops.transpose(embeddings))
    squared = ops.where(others(ops.shape(embeddings)[0]), ops.maximum(squared, 0.0), 0.0)
    return squared if distance_metric == "squared-L2" else safe_sqrt(squared)


@keras.saving.register_keras_serializable(package="keras_genssl")
def paired_distances(first: Any, second: Any, distance_metric: str = "L2") -> Any:
    """Distances between the rows of two batches, ``(batch,)``, the input of `ContrastiveLoss`.

    Args:
        first, second: float ``(batch, dim)``; half precision is converted to float32.
        distance_metric: "L2", "squared-L2" or "angular", as in `pairwise_distances`.

    Returns:
        The distances. The gradient of equal rows is 0.

    Raises:
        ValueError: if ``distance_metric`` is none of these, or the shapes of the two batches differ.

    Example:
        >>> a, b = ops.convert_to_tensor([[0.0, 3.0]]), ops.convert_to_tensor([[4.0, 0.0]])
        >>> [float(x) for x in paired_distances(a, b)]
        [5.0]
    """
    first, second = as_float(first), as_float(second)
    check_same_shape(first=first, second=second)
    if distance_metric == "angular":
        return ops.maximum(1.0 - ops.sum(directions(first) * directions(second), axis=-1), 0.0)
    check_metric(distance_metric, METRICS[:2])
    squared = ops.sum(ops.square(first - second), axis=-1)
    return squared if distance_metric == "squared-L2" else safe_sqrt(squared)


def as_float(embeddings: Any) -> Any:
    """Embeddings in float32 at least."""
    embeddings = ops.convert_to_tensor(embeddings)
    return ops.cast(embeddings, keras.backend.result_type(embeddings.dtype, "float32"))


def check_metric(distance_metric: Any, metrics: tuple[str, ...] = METRICS) -> None:
    """Raises ValueError unless ``distance_metric`` is the name of a metric or a function."""
    if not callable(distance_metric) and distance_metric not in metrics:
        raise ValueError(
            "`distance_metric` must be 'L2', 'squared-L2', 'angular' or a function from embeddings (batch, dim) to "
            f"distances (batch, batch). Received: distance_metric={distance_metric!r}"
        )


def safe_sqrt(squared: Any) -> Any:
    """The square root, with the gradient 0 at 0 instead of infinity."""
    positive = squared > 0.0
    return ops.where(positive, ops.sqrt(ops.where(positive, squared, 1.0)), 0.0)


def others(batch: Any) -> Any:
    """True off the diagonal, bool ``(batch, batch)``."""
    places = ops.arange(batch)
    return places[:, None] != places[None, :]
