"""Losses that distinguish the views of one image from those of others: NT-Xent, InfoNCE and supervised contrastive."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.checks import tensors
from keras_genssl.losses.arguments import check_positive
from keras_genssl.losses.contrastive.embeddings import check_labels, check_negatives, check_pairs, directions
from keras_genssl.losses.labels import first_with_label, nan_unless_whole

EXCLUDED = -1e30  # the logit of excluded pairs: finite, so that gradients are finite, and 0 in any softmax


@keras.saving.register_keras_serializable(package="keras_genssl")
class NTXentLoss(keras.losses.Loss):
    """The normalised, temperature-scaled cross-entropy: find an image's other view among all views of the batch.

    ``l(i, j) = -log(exp(cos(z_i, z_j) / T) / sum_{k != i} exp(cos(z_i, z_k) / T))``; SimCLR, Chen et al., 2020, Eq. 1.
    N images have 2N views z; i and j are the two views of one image, and the other 2N - 2 views are the negatives. The
    loss of an image is the mean of ``l(i, j)`` and ``l(j, i)``, so the loss of a batch is the mean over its 2N views.
    (The authors' code adds the two directions, which gives twice the loss.) Embeddings that are all equal give
    log(2N - 1), with gradient 0; a batch of one image, which has no negatives, gives 0.

    The loss is over the whole batch. On several replicas call it with
    ``replicas.on_global_batch(loss.call, first, second)``.

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual Representations, Eq.
          1](https://arxiv.org/abs/2002.05709)

    Args:
        temperature: T, positive and finite. The paper uses 0.1 on ImageNet, 0.5 on CIFAR-10.
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` is the embeddings of the first views, ``y_pred`` those of the second, float ``(batch, dim)`` of any
    length; row i of both is of the same image. Gradients reach both. ``call`` returns ``(batch,)``.

    Class attributes:
        needs_batch: as in `AdversarialLoss`.

    Raises:
        ValueError: if ``temperature`` is not positive and finite, or the two shapes differ.

    Example:
        >>> loss = NTXentLoss(temperature=0.5)
        >>> [round(float(value), 4) for value in loss.call(ops.ones((2, 3)), ops.ones((2, 3)))]  # log(2 * 2 - 1)
        [1.0986, 1.0986]
    """

    needs_batch: ClassVar[bool] = True

    def __init__(
        self,
        temperature: float = 0.2,
        reduction: str | None = "sum_over_batch_size",
        name: str = "nt_xent_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_positive(temperature=temperature)
        self.temperature = float(temperature)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The mean of ``l(i, j)`` and ``l(j, i)`` for each image, ``(batch,)``."""
        first, second = directions(y_true), directions(y_pred)
        check_pairs(first, second)
        views = ops.concatenate([first, second], axis=0)  # (2 batch, dim)
        logits = ops.matmul(views, ops.transpose(views)) / self.temperature
        number = ops.arange(ops.shape(views)[0], dtype="int32")
        totals = ops.logsumexp(ops.where(number[:, None] == number[None, :], EXCLUDED, logits), axis=1)
        positives = ops.sum(first * second, axis=1) / self.temperature
        return ops.mean(ops.reshape(totals, (2, -1)), axis=0) - positives

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="keras_genssl")
class InfoNCELoss(keras.losses.Loss):
    """The cross-entropy of finding a query's positive key among negatives.

    ``-log(exp(q.k+ / t) / (exp(q.k+ / t) + sum_i exp(q.k_i / t)))``, van den Oord et al., 2018, Eq. 4. Vectors are
    normalised here. With the keys of a queue as negatives it is MoCo's loss (He et al., 2020, Eq. 1). Collapsed
    embeddings with K negatives give log(1 + K).

    `loss(keys, queries)`, as Keras calls it, uses the other keys of the batch as negatives;
    `loss.call(keys, queries, negatives)` uses only the given negatives.

    Reference:
        - van den Oord et al. 2018, [Representation Learning with Contrastive Predictive Coding, Eq.
          4](https://arxiv.org/abs/1807.03748)
        - with a queue: He et al. 2020, [Momentum Contrast, Eq. 1](https://arxiv.org/abs/1911.05722)

    Args:
        temperature: t, positive and finite.
        reduction, name, dtype: As in `keras.losses.Loss`.

    Raises:
        ValueError: If the temperature is not positive and finite, or the shapes do not fit together.

    Example:
        >>> queries = keys = ops.convert_to_tensor([[1.0, 0.0]])
        >>> loss = InfoNCELoss(temperature=1.0).call(keys, queries, negatives=ops.convert_to_tensor([[0.0, 2.0]]))
        >>> round(float(loss[0]), 4)  # log(1 + exp(0 - 1))
        0.3133
    """

    def __init__(
        self,
        temperature: float = 0.07,
        reduction: str | None = "sum_over_batch_size",
        name: str = "info_nce_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_positive(temperature=temperature)
        self.temperature = float(temperature)

    def call(self, y_true: Any, y_pred: Any, negatives: Any = None) -> Any:
        """The loss of each query.

        Args:
            y_true: The positive keys, float `(batch, dim)`, one for each query.
            y_pred: The queries, float `(batch, dim)`.
            negatives: Keys `(num_negatives, dim)`, negatives of all queries; None: the other rows of `y_true`.

        Returns:
            `(batch,)`, float32 at least.
        """
        keys, queries = directions(y_true), directions(y_pred)
        check_pairs(keys, queries)
        positive = ops.sum(queries * keys, axis=-1, keepdims=True) / self.temperature  # (batch, 1)
        if negatives is None:
            logits = queries @ ops.transpose(keys) / self.temperature  # (batch, batch), positives on the diagonal
        else:
            negatives = directions(negatives)
            check_negatives(negatives, queries)
            others = queries @ ops.transpose(negatives) / self.temperature  # (batch, num_negatives)
            logits = ops.concatenate([positive, others], axis=-1)
        return ops.logsumexp(logits, axis=-1) - positive[:, 0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="keras_genssl")
class SupConLoss(keras.losses.Loss):
    """NT-Xent with labels: all views of all images of the same class are positives.

    ``L_out(i) = -1/|P(i)| sum_{p in P(i)} log(exp(cos(z_i, z_p) / T) / sum_{a != i} exp(cos(z_i, z_a) / T))``; Khosla
    et al., 2020, Eq. 2. P(i) is the set of the other views with i's label. The loss of an image is the mean over its
    views. A view without a positive (one view per image, and a label that occurs once) has the loss 0. With two views
    and no label twice the loss is `NTXentLoss`. (The authors' code multiplies by the temperature over 0.07.)

    The loss is over the whole batch. On several replicas call it with
    ``replicas.on_global_batch(loss.call, labels, embeddings)``.

    Reference:
        - Khosla et al. 2020, [Supervised Contrastive Learning, Eq. 2](https://arxiv.org/abs/2004.11362)

    Args:
        temperature: T, positive and finite; the paper's is 0.1.
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` is labels ``(batch,)`` or ``(batch, 1)``, compared for equality; ``y_pred`` is embeddings, float
    ``(batch, dim)``, or ``(batch, views, dim)`` for several views of each image. ``call`` returns ``(batch,)``, all NaN
    if an embedding is not finite.

    Class attributes:
        needs_batch: as in `AdversarialLoss`.

    Raises:
        ValueError: if ``temperature`` is not positive and finite, ``y_pred`` has another rank, or ``y_true`` is not one
            integer label for each image.

    Example:
        >>> loss = SupConLoss(temperature=1.0)
        >>> labels, embeddings = ops.array([0, 0, 1]), ops.ones((3, 2))  # of two others each: log 2, and no positive
        >>> [round(float(value), 4) for value in loss.call(labels, embeddings)]
        [0.6931, 0.6931, 0.0]
    """

    needs_batch: ClassVar[bool] = True

    def __init__(
        self,
        temperature: float = 0.1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "sup_con_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_positive(temperature=temperature)
        self.temperature = float(temperature)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true = tensors.as_array(y_true, "`y_true` must hold integers of shape (batch,) or (batch, 1)")
        return super().__call__(first_with_label(y_true), nan_unless_whole(y_pred, y_true), sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each image, its mean over views, ``(batch,)``."""
        embeddings = directions(y_pred)
        if len(embeddings.shape) == 2:
            embeddings = embeddings[:, None]
        if len(embeddings.shape) != 3:
            raise ValueError(
                "`y_pred` must have shape (batch, dim) or (batch, views, dim). "
                f"Received: a tensor of shape {tuple(embeddings.shape)}"
            )
        num_views, dim = embeddings.shape[1:]
        views = ops.reshape(embeddings, (-1, dim))  # (batch * num_views, dim), views of an image in a row
        labels = tensors.checked_labels(y_true, "y_true", floats=True, columns=True)
        check_labels(labels, embeddings)
        labels = ops.reshape(ops.tile(labels[:, None], (1, num_views)), (-1,))  # (batch * num_views,)
        number = ops.arange(ops.shape(views)[0], dtype="int32")
        itself = number[:, None] == number[None, :]
        logits = ops.where(itself, EXCLUDED, ops.matmul(views, ops.transpose(views)) / self.temperature)
        log_probabilities = logits - ops.logsumexp(logits, axis=1, keepdims=True)
        positive = ops.logical_and(labels[:, None] == labels[None, :], ops.logical_not(itself))
        count = ops.sum(ops.cast(positive, logits.dtype), axis=1)
        total = ops.sum(ops.where(positive, -log_probabilities, 0.0), axis=1)
        losses = ops.mean(ops.reshape(total / ops.maximum(count, 1.0), (-1, num_views)), axis=1)
        # A view without a positive does not change the loss; a NaN in it would still reach the gradient.
        return ops.where(ops.all(ops.isfinite(views)), losses, math.nan)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "temperature": self.temperature}
