"""The loss of Barlow Twins."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import as_float
from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.losses.contrastive.shapes import check_pairs


@keras.saving.register_keras_serializable(package="keras_genssl")
class BarlowTwinsLoss(keras.losses.Loss):
    """Makes the cross-correlation of two views' embeddings the identity, so that no two dimensions are redundant.

    ``L = sum_i (1 - C_ii)^2 + weight sum_i sum_{j != i} C_ij^2``, where C_ij is the correlation, over the batch, of
    dimension i of the first views with dimension j of the second; Barlow Twins, Zbontar et al., 2021, Eqs. 1 and 2.
    Variances are those of the batch (biased) plus 1e-5, as in the authors' batch normalisation. A dimension that is
    equal for all images therefore has correlation 0; embeddings that are all equal, or a batch of one image, give the
    loss dim.

    The loss is over the whole batch, and every row is the same number. On several replicas call it with
    ``replicas.on_global_batch(loss.call, first, second)``.

    Reference:
        - Zbontar et al. 2021, [Barlow Twins: Self-Supervised Learning via Redundancy Reduction, Eqs. 1 and
          2](https://arxiv.org/abs/2103.03230)

    Args:
        redundancy_weight: weight of the off-diagonal terms, the paper's lambda, at least 0 and finite.
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` is the embeddings of the first views, ``y_pred`` those of the second, float ``(batch, dim)``;
    gradients reach both. ``call`` returns ``(batch,)``.

    Class attributes:
        needs_batch: as in `AdversarialLoss`.

    Raises:
        ValueError: if ``redundancy_weight`` is negative or not finite, or the two shapes differ.

    Example:
        >>> loss = BarlowTwinsLoss(redundancy_weight=0.5)
        >>> z = ops.array([[1.0, 1.0], [-1.0, -1.0]])  # two dimensions that are one: 0 + 0.5 * 2
        >>> [round(float(value), 3) for value in loss.call(z, z)]
        [1.0, 1.0]
    """

    needs_batch: ClassVar[bool] = True

    def __init__(
        self,
        redundancy_weight: float = 0.005,
        reduction: str | None = "sum_over_batch_size",
        name: str = "barlow_twins_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_not_negative(redundancy_weight=redundancy_weight)
        self.redundancy_weight = float(redundancy_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The same loss for each image, ``(batch,)``."""
        first, second = as_float(y_true), as_float(y_pred)
        check_pairs(first, second)
        first, second = _standardized(first), _standardized(second)
        batch = ops.shape(first)[0]
        correlation = ops.matmul(ops.transpose(first), second) / ops.cast(batch, first.dtype)  # (dim, dim)
        identity = ops.eye(correlation.shape[0], dtype=correlation.dtype)
        weights = identity + self.redundancy_weight * (1.0 - identity)
        return ops.broadcast_to(ops.sum(weights * ops.square(identity - correlation)), (batch,))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "redundancy_weight": self.redundancy_weight}


def _standardized(embeddings: Any) -> Any:
    centred = embeddings - ops.mean(embeddings, axis=0, keepdims=True)
    return centred * ops.rsqrt(ops.mean(ops.square(centred), axis=0, keepdims=True) + 1e-5)
