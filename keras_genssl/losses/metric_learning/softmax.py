"""The loss of a linear classifier on embeddings."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.shapes import check_last
from keras_genssl.losses.arguments import check_count
from keras_genssl.losses.metric_learning.base import as_labels, check_shapes, nan_unless_finite, of_class
from keras_genssl.losses.metric_learning.distances import as_float


@keras.saving.register_keras_serializable(package="keras_genssl")
class SoftmaxLoss(keras.layers.Layer):
    """Cross-entropy of a linear classifier: the baseline for every loss of metric learning.

    ``-log softmax(W x + b)`` at the true class; embeddings are not normalised.
    `EmbeddingModel(encoder, SoftmaxLoss(...), normalize=False)` is a supervised classifier; its `encode` gives the
    features. It is "Softmax" in the tables of Deng et al., 2019. The loss is a layer, because it owns weights; train
    them with the encoder's. An example's loss does not depend on the others of its batch.

    Reference:
        - Deng et al. 2019, [ArcFace](https://arxiv.org/abs/1801.07698)

    Args:
        num_classes: number of classes, at least 1. A label outside [0, num_classes) is refused; in a graph its loss
            is NaN.
        embedding_dim: length of an embedding, at least 1.
        name: the layer's name.

    Call: ``(labels, embeddings)``, int ``(batch,)`` and float ``(batch, embedding_dim)``; returns ``(batch,)``.
    The loss is in float32 at least for any Keras dtype policy, and NaN if an embedding is not finite.

    Raises:
        ValueError: if an argument is outside its range, embeddings have another shape, or labels are not integers
            ``(batch,)`` in [0, num_classes).

    Example:
        >>> loss = SoftmaxLoss(num_classes=2, embedding_dim=1)
        >>> _ = loss.kernel.assign([[1.0, 0.0]])
        >>> round(float(loss(ops.convert_to_tensor([0]), ops.convert_to_tensor([[1.0]]))[0]), 4)
        0.3133
    """

    def __init__(self, num_classes: int, embedding_dim: int, name: str | None = None) -> None:
        super().__init__(name=name, dtype=keras.backend.result_type(keras.config.floatx(), "float32"), autocast=False)
        check_count(num_classes=num_classes, embedding_dim=embedding_dim)
        self.num_classes = int(num_classes)
        self.embedding_dim = int(embedding_dim)
        self.kernel = self.add_weight((self.embedding_dim, self.num_classes), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.num_classes,), "zeros", name="bias")
        self.built = True

    def call(self, labels: Any, embeddings: Any) -> Any:
        """The loss of each example, ``(batch,)``."""
        labels, embeddings = as_labels(labels, "labels"), as_float(embeddings)
        check_shapes(labels, embeddings)
        check_last("embeddings", embeddings, self.embedding_dim)
        logits = ops.matmul(embeddings, ops.cast(self.kernel, embeddings.dtype)) + ops.cast(self.bias, embeddings.dtype)
        own, known = of_class(labels, self.num_classes)
        losses = ops.logsumexp(logits, axis=1) - ops.sum(ops.where(own, logits, 0.0), axis=1)
        return nan_unless_finite(ops.where(known, losses, math.nan), embeddings)

    def get_config(self) -> dict[str, Any]:
        return {"num_classes": self.num_classes, "embedding_dim": self.embedding_dim, "name": self.name}
