"""The loss of SimCLR."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.losses.arguments import check_positive
from keras_genssl.losses.contrastive.directions import directions
from keras_genssl.losses.contrastive.shapes import check_pairs

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
