"""The N-pairs loss."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks import tensors
from keras_genssl.losses.metric_learning.base import (
    EmbeddingLoss,
    as_float,
    as_labels,
    check_shapes,
    nan_unless_finite,
    others,
)

_RULE = "`y_true` must hold integers of shape (batch,) or (batch, 1), or indicators of shape (batch, classes)"
_NEVER = -1e30  # an excluded logit; -inf would have no gradient


@keras.saving.register_keras_serializable(package="keras_genssl")
class NPairsLoss(EmbeddingLoss):
    """The N-pairs loss: cross-entropy of each row of similarities, with the examples of its label as target.

    Sohn, 2016, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, without its L2 penalty on
    embeddings: the mean over rows i of ``log sum_j exp(s_ij) - sum_j t_ij s_ij``, where t_i is uniform over the
    examples of i's label and sums to 1. The values are those of ``tfa.losses.NpairsLoss`` and, for multi-hot labels
    (where t counts common labels), of ``tfa.losses.NpairsMultilabelLoss``. The loss of a row without a label is 0 (0/0
    in TensorFlow Addons).

    Reference:
        - Sohn 2016, [Multi-class N-pair Loss](https://papers.nips.cc/paper/6200)

    Args:
        name: the loss's name.
        from_embeddings: False if ``y_pred`` is similarities of two views or of the two halves of pairs, ``matmul(a,
            transpose(b))``. True if it is embeddings; the similarities of an example are then its inner products with
            all other embeddings, and the loss of an example whose label occurs once is 0.
        reduction, dtype: as in `EmbeddingLoss`.

    Call: ``y_true`` is labels, int ``(batch,)`` or ``(batch, 1)``, or multi-hot ``(batch, classes)`` of two classes or
    more, dense or sparse (``tf.SparseTensor``); ``y_pred`` is similarities, float ``(batch, batch)``, or embeddings,
    float ``(batch, dim)``. ``call`` returns ``(batch,)``.

    Raises:
        ValueError: if ``y_pred`` has another shape, labels are ones that `EmbeddingLoss` refuses, or multi-hot labels
            are not numbers, are negative or NaN (in a graph the loss is NaN instead).

    Example:
        >>> similarities = ops.convert_to_tensor([[2.0, 0.0], [0.0, 2.0]])
        >>> round(float(NPairsLoss()(ops.convert_to_tensor([3, 5]), similarities)), 4)  # log(1 + exp(-2))
        0.1269
    """

    def __init__(
        self,
        name: str = "npairs_loss",
        *,
        from_embeddings: bool = False,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_embeddings = bool(from_embeddings)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().__call__(_dense(y_true), y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row, ``(batch,)``."""
        y_true, y_pred = _dense(y_true), as_float(y_pred)
        if _are_indicators(y_true):
            indicators = ops.cast(y_true, y_pred.dtype)
            shared = ops.matmul(indicators, ops.transpose(indicators))
            y_pred = ops.where(ops.all(indicators >= 0), y_pred, math.nan)  # a graph cannot raise
        else:
            labels = as_labels(y_true)
            shared = ops.cast(labels[:, None] == labels[None, :], y_pred.dtype)
        check_shapes(shared, y_pred)
        return nan_unless_finite(self._cross_entropy(shared, self._similarities(y_pred)), y_pred)

    def _similarities(self, y_pred: Any) -> Any:
        if self.from_embeddings:
            return ops.where(others(ops.shape(y_pred)[0]), ops.matmul(y_pred, ops.transpose(y_pred)), _NEVER)
        rows, columns = y_pred.shape
        if None not in (rows, columns) and rows != columns:
            raise ValueError(
                "`y_pred` must be similarities, (batch, batch); with from_embeddings=True it is embeddings. "
                f"Received: y_pred of shape {(rows, columns)}"
            )
        return y_pred

    def _cross_entropy(self, shared: Any, similarities: Any) -> Any:
        if self.from_embeddings:
            shared = ops.where(others(ops.shape(shared)[0]), shared, 0.0)
        total = ops.sum(shared, axis=1)
        target = shared / ops.where(total > 0, total, 1.0)[:, None]
        losses = ops.logsumexp(similarities, axis=1) - ops.sum(target * similarities, axis=1)
        return ops.where(total > 0, losses, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "from_embeddings": self.from_embeddings}


def _dense(y_true: Any) -> Any:
    """The labels; multi-hot ones are made dense and are checked before they are cast."""
    y_true = tensors.as_array(y_true, _RULE)
    if not _are_indicators(y_true):
        return y_true
    dense = ops.convert_to_tensor(y_true, sparse=False) if hasattr(y_true, "dense_shape") else y_true
    return tensors.checked_indicators(dense, "y_true")


def _are_indicators(y_true: Any) -> bool:
    """Whether labels are multi-hot, `(batch, classes)`."""
    shape = tensors.shape_of(y_true)
    return shape is not None and len(shape) == 2 and shape[1] != 1
