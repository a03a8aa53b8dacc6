"""Losses of two views that need no negatives: cosine similarity, Barlow Twins, VICReg."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.losses.adversarial import as_float
from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.losses.contrastive.embeddings import check_pairs, directions


@keras.saving.register_keras_serializable(package="keras_genssl")
class NegativeCosineSimilarity(keras.losses.Loss):
    """The negative cosine of a prediction and its target: ``D(p, z) = -p/|p| . z/|z|``, in [-1, 1].

    SimSiam, Chen and He, 2021, Eqs. 1 and 3. ``2 + 2 D`` is BYOL's squared distance of unit vectors (Grill et al.,
    2020, Eq. 2). No gradient reaches the target. For an embedding shorter than 1e-6, which has no direction, the loss
    is 0 and has no gradient.

    (`keras.losses.CosineSimilarity` gives the same number, with gradients of both arguments.)

    Reference:
        - Chen and He 2021, [Exploring Simple Siamese Representation Learning, Eq. 1](https://arxiv.org/abs/2011.10566)
        - Grill et al. 2020, [Bootstrap Your Own Latent, Eq. 2](https://arxiv.org/abs/2006.07733)

    Args:
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` is the targets z, ``y_pred`` the predictions p, float ``(batch, dim)``. ``call`` returns
    ``(batch,)``.

    Raises:
        ValueError: if the two shapes differ.

    Example:
        >>> loss = NegativeCosineSimilarity()
        >>> round(float(loss.call(ops.array([[0.0, 5.0]]), ops.array([[3.0, 4.0]]))[0]), 4)
        -0.8
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "negative_cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """``-cos`` of each pair, ``(batch,)``."""
        targets, predictions = directions(y_true), directions(y_pred)
        check_pairs(targets, predictions)
        return -ops.sum(ops.stop_gradient(targets) * predictions, axis=-1)


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
