"""The triplet loss with the hardest positives and negatives."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.metric_learning.base import DistanceLoss, same_label
from keras_genssl.losses.metric_learning.distances import Distance, others


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletHardLoss(DistanceLoss):
    """The triplet loss of each anchor with its farthest positive and its nearest negative.

    Hermans et al., 2017, In Defense of the Triplet Loss, "batch hard":
    ``max(0, max_p d(a, p) - min_n d(a, n) + margin)``, or ``log(1 + exp(max_p d(a, p) - min_n d(a, n)))`` if ``soft``;
    the mean over all anchors. The values are those of ``tfa.losses.TripletHardLoss``: an anchor without a positive uses
    the smallest distance of its row, that to itself, so it still pushes negatives away. Two things differ: the loss is
    0 if all examples share one label (TensorFlow Addons uses the farthest *positive* as the negative), and the soft
    loss is finite for any distance.

    Reference:
        - Hermans et al. 2017, [In Defense of the Triplet Loss](https://arxiv.org/abs/1703.07737)

    Args:
        margin, distance_metric, name, reduction, dtype: as in `DistanceLoss`.
        soft: whether to use a softplus in place of the hinge; the margin is then ignored.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``.

    Raises:
        ValueError: as in `DistanceLoss`.

    Example:
        >>> loss = TripletHardLoss(margin=0.5)
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])
        >>> [float(value) for value in loss.call(labels, embeddings)]
        [0.25, 1.25, 0.25]
    """

    def __init__(
        self,
        margin: float = 1.0,
        soft: bool = False,
        distance_metric: Distance = "L2",
        name: str | None = None,
        *,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(margin, distance_metric, name, reduction=reduction, dtype=dtype)
        self.soft = bool(soft)

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The loss of each anchor, ``(batch,)``."""
        distances = self.distances(embeddings)
        same = same_label(labels)
        positive = same & others(ops.shape(labels)[0])
        least = ops.min(distances, axis=1)
        farthest = ops.max(ops.where(positive, distances, least[:, None]), axis=1)
        nearest = ops.min(ops.where(same, ops.max(distances, axis=1)[:, None], distances), axis=1)
        gap = farthest - nearest
        losses = ops.softplus(gap) if self.soft else ops.maximum(gap + self.margin, 0.0)
        return ops.where(ops.all(same, axis=1), 0.0, losses)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "soft": self.soft}
