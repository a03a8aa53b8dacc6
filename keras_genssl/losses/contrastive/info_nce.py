"""InfoNCE: find the positive key among negatives."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.arguments import check_positive
from keras_genssl.losses.contrastive.directions import directions
from keras_genssl.losses.contrastive.shapes import check_negatives, check_pairs


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
