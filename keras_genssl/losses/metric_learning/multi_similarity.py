"""The multi-similarity loss."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.losses.arguments import check_finite, check_not_negative, check_positive
from keras_genssl.losses.contrastive.directions import directions
from keras_genssl.losses.metric_learning.base import EmbeddingLoss, same_label
from keras_genssl.losses.metric_learning.distances import others

_NEVER = -1e30  # the exponent of excluded pairs; -inf would have no gradient


@keras.saving.register_keras_serializable(package="keras_genssl")
class MultiSimilarityLoss(EmbeddingLoss):
    """The multi-similarity loss: puts soft weights on the pairs that are hard for their anchor.

    Wang et al., 2019, Multi-Similarity Loss with General Pair Weighting. With S the cosine similarity, mining keeps for
    an anchor i the negatives above ``min_p S_ip - epsilon`` and the positives below ``max_n S_in + epsilon`` (Eqs. 11
    and 12). The loss is the mean over all examples (Eq. 15) of

    ``1/alpha log(1 + sum_p exp(-alpha (S_ip - base))) + 1/beta log(1 + sum_n exp(beta (S_in - base)))``.

    Mining keeps no pair of an anchor without positives, or without negatives: the loss of such an anchor is 0. With
    ``epsilon=None`` there is no mining, and Eq. 15 uses all pairs: a term without pairs is 0, the other one counts.

    Reference:
        - Wang et al. 2019, [Multi-Similarity Loss](https://arxiv.org/abs/1904.06627)

    Args:
        alpha: sharpness for positives, positive.
        beta: sharpness for negatives, positive.
        base: similarity that separates near from far; the paper's lambda, 1 in its text, 0.5 in its code.
        epsilon: margin of the mining, at least 0; None keeps all pairs.
        name, reduction, dtype: as in `EmbeddingLoss`.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``, of any length; ``call`` returns ``(batch,)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[1.0], [1.0], [-1.0]])
        >>> float(MultiSimilarityLoss()(labels, embeddings))  # all well apart: no pair is kept
        0.0
        >>> loss = MultiSimilarityLoss(beta=2.0, epsilon=None)
        >>> round(float(loss.call(labels, embeddings)[0]), 4)  # (log(1 + exp(-1)) + log(1 + exp(-3))) / 2
        0.1809
    """

    def __init__(
        self,
        alpha: float = 2.0,
        beta: float = 50.0,
        base: float = 0.5,
        epsilon: float | None = 0.1,
        name: str | None = None,
        *,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_positive(alpha=alpha, beta=beta)
        check_finite(base=base)
        if epsilon is not None:
            check_not_negative(epsilon=epsilon)
        self.alpha = float(alpha)
        self.beta = float(beta)
        self.base = float(base)
        self.epsilon = None if epsilon is None else float(epsilon)

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The loss of each anchor, ``(batch,)``."""
        unit = directions(embeddings)
        similarities = ops.matmul(unit, ops.transpose(unit))
        same = same_label(labels)
        positive, negative = same & others(ops.shape(labels)[0]), ~same
        if self.epsilon is not None:
            least = ops.min(ops.where(positive, similarities, math.inf), axis=1, keepdims=True)
            most = ops.max(ops.where(negative, similarities, -math.inf), axis=1, keepdims=True)
            positive &= similarities < most + self.epsilon
            negative &= similarities > least - self.epsilon
        pull = ops.logsumexp(ops.where(positive, -self.alpha * (similarities - self.base), _NEVER), axis=1)
        push = ops.logsumexp(ops.where(negative, self.beta * (similarities - self.base), _NEVER), axis=1)
        return ops.softplus(pull) / self.alpha + ops.softplus(push) / self.beta  # log(1 + exp(.))

    def get_config(self) -> dict[str, Any]:
        config = {"alpha": self.alpha, "beta": self.beta, "base": self.base, "epsilon": self.epsilon}
        return {**super().get_config(), **config}
