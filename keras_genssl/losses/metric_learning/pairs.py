"""Losses of pairs: contrastive, lifted structure, multi-similarity."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks import tensors
from keras_genssl.losses.arguments import check_finite, check_not_negative, check_positive
from keras_genssl.losses.contrastive.embeddings import directions
from keras_genssl.losses.metric_learning.base import (
    DistanceLoss,
    EmbeddingLoss,
    as_float,
    others,
    pairwise_distances,
    same_label,
)


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
        return super().__call__(tensors.checked_shares(y_true, "y_true"), y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each pair, ``(batch,)``."""
        distances = as_float(y_pred)
        if len(distances.shape) != 1 and tuple(distances.shape[1:]) != (1,):
            raise ValueError(
                "`y_pred` must hold the distance of each pair, (batch,); ContrastiveBatchAllLoss takes embeddings. "
                f"Received: y_pred of shape {tuple(distances.shape)}"
            )
        distances = ops.reshape(distances, (-1,))
        similar = ops.cast(tensors.checked_shares(y_true, "y_true"), distances.dtype)
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
