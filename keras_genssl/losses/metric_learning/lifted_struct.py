"""The lifted structured loss."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.losses.metric_learning.base import EmbeddingLoss, same_label
from keras_genssl.losses.metric_learning.distances import others, pairwise_distances

_NEVER = -1e30  # the exponent of excluded pairs; -inf would have no gradient


@keras.saving.register_keras_serializable(package="keras_genssl")
class LiftedStructLoss(EmbeddingLoss):
    """The lifted structured loss: compares each positive pair with the negatives of both its examples.

    Oh Song et al., 2016, Deep Metric Learning via Lifted Structured Feature Embedding, Eq. 4: half the mean over
    positive pairs (i, j) of ``max(0, J_ij)^2``, with
    ``J_ij = log(sum_k exp(margin - d(i, k)) + sum_k exp(margin - d(j, k))) + d(i, j)`` over the negatives k. Embeddings
    should not be normalised. The values are those of ``tfa.losses.LiftedStructLoss``, computed in ``O(batch^2)`` memory
    in place of ``O(batch^3)``. If no two examples share a label, or all do, the loss is 0 (NaN in TensorFlow Addons).

    Reference:
        - Oh Song et al. 2016, [Lifted Structured Feature Embedding](https://arxiv.org/abs/1511.06452)

    Args:
        margin: margin of the distances, at least 0.
        name, reduction, dtype: as in `EmbeddingLoss`.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``: the sum over an
    example's pairs, times batch / number of ordered pairs.

    Raises:
        ValueError: if ``margin`` is negative or not finite.

    Example:
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.0]])
        >>> round(float(LiftedStructLoss()(labels, embeddings)), 4)  # (log(1 + e) + 1)^2 / 2
        2.6756
    """

    def __init__(
        self,
        margin: float = 1.0,
        name: str | None = None,
        *,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_not_negative(margin=margin)
        self.margin = float(margin)

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """Sum over the example's pairs, times batch / number of ordered pairs, ``(batch,)``."""
        distances = pairwise_distances(embeddings)
        same = same_label(labels)
        positive = ops.cast(same & others(ops.shape(labels)[0]), distances.dtype)
        push = ops.logsumexp(
            ops.where(same, _NEVER, self.margin - distances), axis=1
        )  # without negatives: about _NEVER
        pair = ops.maximum(ops.logaddexp(push[:, None], push[None, :]) + distances, 0.0)
        losses = 0.5 * ops.sum(positive * ops.square(pair), axis=1)
        pairs = ops.maximum(ops.sum(positive), 1.0)
        return losses * (ops.cast(ops.shape(labels)[0], distances.dtype) / pairs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}
