"""Base classes of the losses on labelled embeddings."""

import math
from typing import Any, Self

import keras
from keras import ops

from keras_genssl.checks import label_tensors
from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.losses.labels import first_with_label, nan_unless_whole
from keras_genssl.losses.metric_learning.distances import Distance, as_float, check_metric, pairwise_distances


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
        y_true = label_tensors.as_array(y_true, "`y_true` must hold integers of shape (batch,) or (batch, 1)")
        shape = label_tensors.shape_of(y_true)
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
    return label_tensors.checked_labels(labels, name, floats=True, columns=True)


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
    label_tensors.require_inside(labels, num_classes, "labels")
    own = label_tensors.as_classes(labels, num_classes)[:, None] == ops.arange(num_classes, dtype="int32")[None, :]
    return own, ops.logical_and(label_tensors.inside(labels, num_classes), label_tensors.are_whole(labels))
