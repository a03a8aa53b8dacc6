"""The triplet loss of all triplets."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.metric_learning.base import DistanceLoss, as_labels, check_shapes
from keras_genssl.losses.metric_learning.distances import as_float
from keras_genssl.losses.metric_learning.mining import nearest_first, take_in_rows


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletBatchAllLoss(DistanceLoss):
    """The triplet loss of all triplets of a batch, averaged over those that are active.

    Hermans et al., 2017, In Defense of the Triplet Loss, Section 2, "batch all" with the mean over non-zero terms: the
    mean of ``max(0, d(a, p) - d(a, n) + margin)`` over all triplets (a, p, n) for which it is above 0, where a and p
    share a label and n has another. The loss is 0 if no triplet is active or there is none. It needs ``O(batch^2)``
    memory: the sum over triplets equals a sum over distances, each times the number of active triplets that contain it.

    Reference:
        - Hermans et al. 2017, [In Defense of the Triplet Loss](https://arxiv.org/abs/1703.07737)

    Args:
        margin, distance_metric, name, reduction, dtype: as in `DistanceLoss`.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``: the sum over an
    anchor's triplets, times batch / number of active triplets.

    Raises:
        ValueError: as in `DistanceLoss`.

    Example:
        >>> loss = TripletBatchAllLoss(margin=0.5)
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])
        >>> float(loss(labels, embeddings))  # 0.25 and 1.25
        0.75
        >>> float(ops.mean(loss.active_fraction(labels, embeddings)))
        1.0
    """

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The sum over each anchor's triplets, times batch / number of active triplets, ``(batch,)``."""
        keys, positive, negative, nearer = self._mine(labels, embeddings)
        farther = ops.sum(positive, axis=1, keepdims=True) - ops.cumsum(positive, axis=1)
        # The weights sum to 0, so the shift only reduces rounding errors.
        keys = keys - ops.stop_gradient(ops.mean(keys, axis=1, keepdims=True))
        losses = ops.sum(keys * (positive * nearer - negative * farther), axis=1)
        active = ops.maximum(ops.sum(positive * nearer), 1.0)
        return losses * (ops.cast(ops.shape(labels)[0], keys.dtype) / active)

    def active_fraction(self, y_true: Any, y_pred: Any) -> Any:
        """The fraction of the batch's triplets that are active, as ``(batch,)`` with this mean; 0 without triplets.

        A falling fraction means that fewer triplets are left to learn from. As a metric in ``compile``:
        ``keras.metrics.MeanMetricWrapper(loss.active_fraction, name="active")``.
        """
        labels, embeddings = as_labels(y_true), as_float(y_pred)
        check_shapes(labels, embeddings)
        _, positive, negative, nearer = self._mine(labels, embeddings)
        triplets = ops.sum(ops.sum(positive, axis=1) * ops.sum(negative, axis=1))
        batch = ops.cast(ops.shape(positive)[0], positive.dtype)
        return ops.sum(positive * nearer, axis=1) * (batch / ops.maximum(triplets, 1.0))

    def _mine(self, labels: Any, embeddings: Any) -> tuple[Any, Any, Any, Any]:
        """For each anchor, nearest first: ``d(a, p) + margin`` or ``d(a, n)``, which it is, and negatives before it."""
        distances = self.distances(embeddings)
        own = labels[:, None] == labels[None, :]
        keys = ops.where(own, distances + self.margin, distances)
        order = nearest_first(keys, labels, own_class_first=True)  # in a tie the hinge is 0, so it is not active
        own = take_in_rows(own, order)
        positive = ops.cast(own & (order != ops.arange(ops.shape(labels)[0], dtype="int32")[:, None]), keys.dtype)
        negative = ops.cast(~own, keys.dtype)
        return take_in_rows(keys, order), positive, negative, ops.cumsum(negative, axis=1)
