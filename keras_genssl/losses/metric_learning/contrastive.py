"""The contrastive loss of pairs."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks import label_tensors
from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.losses.metric_learning.base import (
    DistanceLoss,
    same_label,
)
from keras_genssl.losses.metric_learning.distances import as_float, others


@keras.saving.register_keras_serializable(package="keras_genssl")
class ContrastiveLoss(keras.losses.Loss):
    """The contrastive loss of pairs: ``d^2`` for similar ones, ``max(0, margin - d)^2`` for different ones.

    Hadsell et al., 2006, who put 1/2 before both terms; d is the pair's distance. The values are those of
    ``tfa.losses.ContrastiveLoss``, where ``y_true`` is 1 for a similar pair; with ``similar_label=0`` it is 1 for a
    *different* pair, as in the paper. For a labelled batch in place of pairs use `ContrastiveBatchAllLoss`.

    Reference:
        - Hadsell et al. 2006, [Dimensionality Reduction by Learning an Invariant
          Mapping](http://yann.lecun.com/exdb/publis/pdf/hadsell-chopra-lecun-06.pdf)

    Args:
        margin: distance from which on different pairs have the loss 0; at least 0.
        reduction, name, dtype: as in `keras.losses.Loss`.
        similar_label: value of ``y_true`` for a similar pair, 1 or 0; the other value means a different pair.

    Call: ``y_true`` 0 or 1, ``(batch,)``; ``y_pred`` distances, float ``(batch,)``, as from `paired_distances`; either
    may be ``(batch, 1)``. ``call`` returns ``(batch,)``, float32 at least. A label between 0 and 1 is soft: it weights
    the two terms, as in `keras.losses.BinaryCrossentropy`. A label outside [0, 1] (a class number, or -1 for different)
    would give a term a negative weight: the loss of that pair is NaN.

    Raises:
        ValueError: if an argument is outside its range, ``y_pred`` is not one distance for each pair, or ``y_true`` is
            not one label for each pair.

    Example:
        >>> distances = ops.convert_to_tensor([0.5, 0.25])
        >>> [float(value) for value in ContrastiveLoss().call(ops.convert_to_tensor([1, 0]), distances)]
        [0.25, 0.5625]
        >>> [float(value) for value in ContrastiveLoss(similar_label=0).call(ops.convert_to_tensor([0, 1]), distances)]
        [0.25, 0.5625]
    """

    def __init__(
        self,
        margin: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "contrastive_loss",
        *,
        similar_label: int = 1,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_not_negative(margin=margin)
        if similar_label not in (0, 1):
            raise ValueError(f"`similar_label` must be 0 or 1. Received: similar_label={similar_label}")
        self.margin = float(margin)
        self.similar_label = int(similar_label)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().__call__(label_tensors.checked_shares(y_true, "y_true"), y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each pair, ``(batch,)``."""
        distances = as_float(y_pred)
        if len(distances.shape) != 1 and tuple(distances.shape[1:]) != (1,):
            raise ValueError(
                "`y_pred` must hold the distance of each pair, (batch,); ContrastiveBatchAllLoss takes embeddings. "
                f"Received: y_pred of shape {tuple(distances.shape)}"
            )
        distances = ops.reshape(distances, (-1,))
        similar = ops.cast(label_tensors.checked_shares(y_true, "y_true"), distances.dtype)
        if None not in (similar.shape[0], distances.shape[0]) and similar.shape[0] != distances.shape[0]:
            raise ValueError(
                "`y_true` must hold a label for each distance of `y_pred`. "
                f"Received: {similar.shape[0]} labels, {distances.shape[0]} distances"
            )
        if self.similar_label == 0:
            similar = 1.0 - similar
        losses = _contrastive(similar, distances, self.margin)
        return ops.where((similar >= 0.0) & (similar <= 1.0), losses, math.nan)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin, "similar_label": self.similar_label}


@keras.saving.register_keras_serializable(package="keras_genssl")
class ContrastiveBatchAllLoss(DistanceLoss):
    """The contrastive loss of all pairs of a batch: ``d^2`` within a class, ``max(0, margin - d)^2`` across classes.

    This is the mean of `ContrastiveLoss` over all pairs of examples; a pair is similar if the two share a label. A
    batch of one example has no pair, and the loss 0.

    Reference:
        - Hadsell et al. 2006, [Dimensionality Reduction by Learning an Invariant
          Mapping](http://yann.lecun.com/exdb/publis/pdf/hadsell-chopra-lecun-06.pdf)

    Args:
        margin, distance_metric, name, reduction, dtype: as in `DistanceLoss`.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``: the mean over
    the example's pairs.

    Raises:
        ValueError: as in `DistanceLoss`.

    Example:
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.5]])
        >>> [float(value) for value in ContrastiveBatchAllLoss(margin=1.0).call(labels, embeddings)]
        [0.5, 0.625, 0.125]
    """

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The mean over the pairs of each example, ``(batch,)``."""
        distances = self.distances(embeddings)
        pairs = others(ops.shape(labels)[0])
        losses = _contrastive(ops.cast(same_label(labels), distances.dtype), distances, self.margin)
        count = ops.maximum(ops.cast(ops.shape(labels)[0], distances.dtype) - 1.0, 1.0)
        return ops.sum(ops.where(pairs, losses, 0.0), axis=1) / count


def _contrastive(similar: Any, distances: Any, margin: float) -> Any:
    return similar * ops.square(distances) + (1.0 - similar) * ops.square(ops.maximum(margin - distances, 0.0))
