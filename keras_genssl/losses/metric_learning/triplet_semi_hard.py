"""The triplet loss with semi-hard negatives."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.metric_learning.base import DistanceLoss
from keras_genssl.losses.metric_learning.mining import nearest_first, places_of, take_in_rows


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletSemiHardLoss(DistanceLoss):
    """The triplet loss in which each positive pair meets the nearest negative beyond it.

    Schroff et al., 2015, FaceNet: the mean over all ordered pairs (a, p) of one label of
    ``max(0, d(a, p) - d(a, n) + margin)``, where n is the nearest of the other labels with ``d(a, n) > d(a, p)``, or
    the farthest where none is beyond. The paper takes "squared-L2", margin 0.2 and embeddings of length 1. The numbers
    of ``tfa.losses.TripletSemiHardLoss``, in ``O(batch^2)`` memory in place of ``O(batch^3)``, but 0 where no two
    examples share a label (0/0 there) and 0 where all share one (a pull without a push there). Of equally near
    negatives one takes the whole gradient.

    Reference:
        - Schroff et al. 2015, [FaceNet](https://arxiv.org/abs/1503.03832)

    Args:
        margin, distance_metric, name, reduction, dtype: as in `DistanceLoss`.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``: the sum over an
    anchor's pairs, times batch / number of pairs.

    Raises:
        ValueError: as in `DistanceLoss`.

    Example:
        >>> loss = TripletSemiHardLoss(margin=0.5)
        >>> float(loss(ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [3.0]])))
        0.0
        >>> float(loss(ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])))
        0.75
    """

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """Sum over the anchor's pairs, times batch / number of pairs, ``(batch,)``."""
        distances = self.distances(embeddings)
        batch = ops.shape(labels)[0]
        order = nearest_first(distances, labels, own_class_first=False)  # what ties with a positive is not beyond it
        near = take_in_rows(distances, order)
        own = ops.take(labels, order) == labels[:, None]
        positive = own & (order != ops.arange(batch, dtype="int32")[:, None])

        nearer = ops.cumsum(ops.cast(~own, "int32"), axis=1)  # negatives as near, or nearer
        negatives = nearer[:, -1:]
        beyond = take_in_rows(places_of(~own), ops.maximum(ops.minimum(nearer, negatives - 1), 0))
        hinge = ops.maximum(near - take_in_rows(near, beyond) + self.margin, 0.0)

        pairs = ops.cast(ops.maximum(ops.sum(ops.cast(positive, "int32")), 1), near.dtype)
        losses = ops.sum(ops.where(positive & (negatives > 0), hinge, 0.0), axis=1)
        return losses * (ops.cast(batch, near.dtype) / pairs)
