"""What losses of metric learning share: distances, labels, and the base classes."""

import math
from collections.abc import Callable
from typing import Any, Self

import keras
from keras import ops

from keras_genssl.checks import tensors
from keras_genssl.checks.tensors import check_same_shape
from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.losses.contrastive.embeddings import directions
from keras_genssl.losses.labels import first_with_label, nan_unless_whole

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


class EmbeddingLoss(keras.losses.Loss):
    """Base class of losses that compare each embedding with the others of its batch; one subclass per paper.

    A subclass defines ``per_example(labels, embeddings)``, which returns ``(batch,)``. Its *mean over the batch* is the
    loss as the paper defines it. If that is a mean over pairs or triplets, an example's value is the share of those in
    which it is the anchor. On several replicas, examples are compared only with those on the same replica, unless
    embeddings and labels are gathered first (`keras_genssl.engine.replicas.on_global_batch`). Sample weights are
    weights of anchors.

    For embeddings in half precision the loss is computed and returned in float32. If an embedding is not finite, all
    values are NaN, so that a diverged training shows in the loss.

    Args:
        name: the loss's name.
        reduction, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` labels, int ``(batch,)`` or ``(batch, 1)``; ``y_pred`` embeddings, float ``(batch, dim)``.

    Raises:
        ValueError: if embeddings are not of rank 2, their number is not that of the labels, or labels have another
            shape, are strings or booleans, or are floats that are not integers (in a graph the loss is NaN instead).
    """

    def __init__(self, name: str | None = None, *, reduction: str | None = "sum_over_batch_size", dtype: Any = None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true = tensors.as_array(y_true, "`y_true` must hold integers of shape (batch,) or (batch, 1)")
        shape = tensors.shape_of(y_true)
        if shape is None or len(shape) < 2 or shape[1:] == (1,):  # not for multi-hot labels, which a subclass may take
            y_true, y_pred = first_with_label(y_true), nan_unless_whole(y_pred, y_true)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example, ``(batch,)``."""
        labels, embeddings = as_labels(y_true), as_float(y_pred)
        check_shapes(labels, embeddings)
        return nan_unless_finite(self.per_example(labels, embeddings), embeddings)

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The loss of each example, ``(batch,)``, from labels ``(batch,)`` and embeddings ``(batch, dim)``."""
        raise NotImplementedError


class DistanceLoss(EmbeddingLoss):
    """Base class of losses with a margin between distances.

    Args:
        margin: at least 0.
        distance_metric: "L2", "squared-L2", "angular" (``1 - cos``), or a function from embeddings ``(batch, dim)``
            to distances ``(batch, batch)``, which must be registered with Keras if the loss is to be saved.
        name, reduction, dtype: as in `EmbeddingLoss`.

    Raises:
        ValueError: if ``margin`` is negative or not finite, or ``distance_metric`` is none of these.
    """

    def __init__(
        self,
        margin: float = 1.0,
        distance_metric: Distance = "L2",
        name: str | None = None,
        *,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_not_negative(margin=margin)
        check_metric(distance_metric)
        self.margin = float(margin)
        self.distance_metric = distance_metric

    def distances(self, embeddings: Any) -> Any:
        """Distances between all embeddings, ``(batch, batch)``."""
        return pairwise_distances(embeddings, self.distance_metric)

    def get_config(self) -> dict[str, Any]:
        metric = keras.saving.serialize_keras_object(self.distance_metric)
        return {**super().get_config(), "margin": self.margin, "distance_metric": metric}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        metric = keras.saving.deserialize_keras_object(config["distance_metric"])
        return cls(**{**config, "distance_metric": metric})


def as_labels(labels: Any, name: str = "y_true") -> Any:
    """Labels as ``(batch,)``, from integers ``(batch,)`` or ``(batch, 1)`` that Keras may have cast to floats."""
    return tensors.checked_labels(labels, name, floats=True, columns=True)


def check_shapes(labels: Any, embeddings: Any) -> None:
    """Raises ValueError if embeddings are known not to be ``(batch, dim)`` with one row for each label."""
    shape, count = tuple(embeddings.shape), labels.shape[0]
    if len(shape) != 2 or (None not in (shape[0], count) and shape[0] != count):
        raise ValueError(
            "Embeddings must have shape (batch, dim), with a label for each. "
            f"Received: embeddings of shape {shape}, {count} labels"
        )


def nan_unless_finite(losses: Any, embeddings: Any) -> Any:
    """The losses, all NaN if an embedding is not finite: mining could ignore it, but its gradient would be NaN."""
    return ops.where(ops.all(ops.isfinite(embeddings)), losses, math.nan)


def same_label(labels: Any) -> Any:
    """Whether two examples have the same label, bool ``(batch, batch)``."""
    return labels[:, None] == labels[None, :]


def of_class(labels: Any, num_classes: int) -> tuple[Any, Any]:
    """Whether an example is of each class, bool ``(batch, num_classes)``, and whether of any, bool ``(batch,)``.

    Raises:
        ValueError: if a label lies outside [0, num_classes), where values are known.
    """
    tensors.require_inside(labels, num_classes, "labels")
    own = tensors.as_classes(labels, num_classes)[:, None] == ops.arange(num_classes, dtype="int32")[None, :]
    return own, ops.logical_and(tensors.inside(labels, num_classes), tensors.are_whole(labels))
