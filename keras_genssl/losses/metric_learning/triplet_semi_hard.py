"""The triplet loss with semi-hard negatives."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.metric_learning.base import DistanceLoss
from keras_genssl.losses.metric_learning.mining import nearest_first, places_of, take_in_rows


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletSemiHardLoss(DistanceLoss):
    """The triplet loss of each positive pair with the nearest negative that is farther away than the positive.

    Schroff et al., 2015, FaceNet: the mean over all ordered pairs (a, p) of one label of
    ``max(0, d(a, p) - d(a, n) + margin)``. Here n is the nearest example of another label with ``d(a, n) > d(a, p)``,
    or the farthest one if there is none. The paper uses "squared-L2", margin 0.2 and embeddings of length 1. The values
    are those of ``tfa.losses.TripletSemiHardLoss``, computed in ``O(batch^2)`` memory in place of ``O(batch^3)``. Two
    things differ: the loss is 0 if no two examples share a label (0/0 in TensorFlow Addons), and 0 if all share one
    (there positives are pulled without any negatives). Among equally near negatives, one gets the whole gradient.

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
        """The sum over each anchor's pairs, times batch / number of pairs, ``(batch,)``."""
        distances = self.distances(embeddings)
        batch = ops.shape(labels)[0]
        order = nearest_first(
            distances, labels, own_class_first=False
        )  # a tie with a positive does not count as farther
        near = take_in_rows(distances, order)
        own = ops.take(labels, order) == labels[:, None]
        positive = own & (order != ops.arange(batch, dtype="int32")[:, None])

        nearer = ops.cumsum(ops.cast(~own, "int32"), axis=1)  # the number of negatives that are as near, or nearer
        negatives = nearer[:, -1:]
        beyond = take_in_rows(places_of(~own), ops.maximum(ops.minimum(nearer, negatives - 1), 0))
        hinge = ops.maximum(near - take_in_rows(near, beyond) + self.margin, 0.0)

        pairs = ops.cast(ops.maximum(ops.sum(ops.cast(positive, "int32")), 1), near.dtype)
        losses = ops.sum(ops.where(positive & (negatives > 0), hinge, 0.0), axis=1)
        return losses * (ops.cast(batch, near.dtype) / pairs)
