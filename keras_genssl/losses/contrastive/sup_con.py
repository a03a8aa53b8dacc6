"""The supervised contrastive loss."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.checks import label_tensors
from keras_genssl.losses.arguments import check_positive
from keras_genssl.losses.contrastive.directions import directions
from keras_genssl.losses.contrastive.nt_xent import EXCLUDED
from keras_genssl.losses.contrastive.shapes import check_labels
from keras_genssl.losses.labels import first_with_label, nan_unless_whole


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
        y_true = label_tensors.as_array(y_true, "`y_true` must hold integers of shape (batch,) or (batch, 1)")
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
        labels = label_tensors.checked_labels(y_true, "y_true", floats=True, columns=True)
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
