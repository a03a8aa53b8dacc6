"""The loss of VICReg."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.losses.adversarial.base import as_float
from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.losses.contrastive.shapes import check_pairs


@keras.saving.register_keras_serializable(package="keras_genssl")
class VICRegLoss(keras.losses.Loss):
    """Variance, invariance and covariance: two views agree, every dimension varies, and no two are correlated.

    ``L = i s(Z, Z') + v (v(Z) + v(Z')) / 2 + c (c(Z) + c(Z'))`` with, for n images and d dimensions,

    - ``s`` the mean of ``(z - z')^2`` over images and dimensions,
    - ``v(Z) = 1/d sum_j max(0, 1 - sqrt(Var(z_j) + 1e-4))``,
    - ``c(Z) = 1/d sum_{i != j} Cov(z_i, z_j)^2``, variance and covariance with n - 1;

    Bardes et al., 2022, Eqs. 1 to 6, as in the authors' code. The paper differs: its Eq. 5 sums over dimensions, while
    its Algorithm 1 and the code take the mean; and it adds the two variance terms, which the code halves.
    Embeddings that are all equal give 0.99 v; so does a batch of one image, whose variances count as 0.

    The loss is over the whole batch. On several replicas call it with
    ``replicas.on_global_batch(loss.call, first, second)``.

    Reference:
        - Bardes et al. 2022, [VICReg: Variance-Invariance-Covariance Regularization, Eqs. 1 to
          6](https://arxiv.org/abs/2105.04906)

    Args:
        invariance_weight: i, at least 0 and finite.
        variance_weight: v, at least 0 and finite.
        covariance_weight: c, at least 0 and finite.
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` is the embeddings of the first views, ``y_pred`` those of the second, float ``(batch, dim)``;
    gradients reach both. ``call`` returns ``(batch,)``: the invariance term of each image plus the two terms of the
    batch.

    Class attributes:
        needs_batch: as in `AdversarialLoss`.

    Raises:
        ValueError: if a weight is negative or not finite, or the two shapes differ.

    Example:
        >>> loss = VICRegLoss()
        >>> z = ops.array([[2.0, 2.0], [-2.0, -2.0]])  # all entries of the covariance are 8: 2 (8^2 + 8^2) / 2
        >>> [float(value) for value in loss.call(z, z)]
        [128.0, 128.0]
    """

    needs_batch: ClassVar[bool] = True

    def __init__(
        self,
        invariance_weight: float = 25.0,
        variance_weight: float = 25.0,
        covariance_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "vicreg_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_not_negative(
            invariance_weight=invariance_weight,
            variance_weight=variance_weight,
            covariance_weight=covariance_weight,
        )
        self.invariance_weight = float(invariance_weight)
        self.variance_weight = float(variance_weight)
        self.covariance_weight = float(covariance_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each image, ``(batch,)``."""
        views = as_float(y_true), as_float(y_pred)
        check_pairs(*views)
        invariance = ops.mean(ops.square(views[0] - views[1]), axis=1)  # (batch,)
        covariances = [_covariance(view) for view in views]  # (dim, dim) each
        variance = sum(_constancy(covariance) for covariance in covariances) / 2.0
        covariance = sum(_redundancy(covariance) for covariance in covariances)
        return (
            self.invariance_weight * invariance + self.variance_weight * variance + self.covariance_weight * covariance
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "invariance_weight": self.invariance_weight,
            "variance_weight": self.variance_weight,
            "covariance_weight": self.covariance_weight,
        }


def _covariance(embeddings: Any) -> Any:
    centred = embeddings - ops.mean(embeddings, axis=0, keepdims=True)
    freedom = ops.cast(ops.maximum(ops.shape(embeddings)[0] - 1, 1), embeddings.dtype)
    return ops.matmul(ops.transpose(centred), centred) / freedom


def _constancy(covariance: Any) -> Any:
    return ops.mean(ops.relu(1.0 - ops.sqrt(ops.diagonal(covariance) + 1e-4)))


def _redundancy(covariance: Any) -> Any:
    dim = covariance.shape[0]
    return ops.sum(ops.square(covariance * (1.0 - ops.eye(dim, dtype=covariance.dtype)))) / dim
