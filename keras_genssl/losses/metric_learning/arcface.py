"""The additive angular margin loss."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.shapes import check_last
from keras_genssl.losses.arguments import check_count, check_positive
from keras_genssl.losses.contrastive.directions import directions
from keras_genssl.losses.metric_learning.base import as_labels, check_shapes, nan_unless_finite, of_class
from keras_genssl.losses.metric_learning.distances import as_float


@keras.saving.register_keras_serializable(package="keras_genssl")
class ArcFaceLoss(keras.layers.Layer):
    """Cross-entropy of classes by angle, with a margin added to the angle to the true class.

    Deng et al., 2019, ArcFace, Eq. 3: ``theta_j`` is the angle between an embedding and the learnt centre of class j.
    The loss is the cross-entropy of the logits ``scale cos(theta_j)``, with ``scale cos(theta_y + margin)`` for the
    true class y. If ``theta_y + margin`` exceeds pi, where the cosine would rise again, the logit is
    ``scale (cos(theta_y) - margin sin(margin))``, as in the authors' code. The loss is a layer, because it owns
    weights; train them with the encoder's. An example's loss does not depend on the others of its batch.

    Reference:
        - Deng et al. 2019, [ArcFace](https://arxiv.org/abs/1801.07698)

    Args:
        num_classes: number of classes, at least 1. A label outside [0, num_classes) is refused; in a graph its loss
            is NaN.
        embedding_dim: length of an embedding, at least 1.
        margin: in radians, in [0, pi).
        scale: factor of the logits, positive.
        name: the layer's name.

    Call: ``(labels, embeddings)``, int ``(batch,)`` and float ``(batch, embedding_dim)`` of any length; returns
    ``(batch,)``. Float32 at least, whatever Keras' dtype policy; NaN if an embedding is not finite.

    Raises:
        ValueError: if an argument is outside its range, embeddings have another shape, or labels are not integers
            ``(batch,)`` in [0, num_classes).

    Example:
        >>> loss = ArcFaceLoss(num_classes=2, embedding_dim=2, margin=0.0, scale=1.0)
        >>> _ = loss.centres.assign([[1.0, 0.0], [0.0, 1.0]])
        >>> round(float(loss(ops.convert_to_tensor([0]), ops.convert_to_tensor([[3.0, 0.0]]))[0]), 4)
        0.3133
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        margin: float = 0.5,
        scale: float = 64.0,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=keras.backend.result_type(keras.config.floatx(), "float32"), autocast=False)
        check_count(num_classes=num_classes, embedding_dim=embedding_dim)
        check_positive(scale=scale)
        if not 0 <= margin < math.pi:
            raise ValueError(f"`margin` must lie in [0, pi). Received: margin={margin}")
        self.num_classes = int(num_classes)
        self.embedding_dim = int(embedding_dim)
        self.margin = float(margin)
        self.scale = float(scale)
        self.centres = self.add_weight((self.num_classes, self.embedding_dim), "glorot_normal", name="centres")
        self.built = True

    def call(self, labels: Any, embeddings: Any) -> Any:
        """Loss of each example, ``(batch,)``."""
        labels, embeddings = as_labels(labels, "labels"), as_float(embeddings)
        check_shapes(labels, embeddings)
        check_last("embeddings", embeddings, self.embedding_dim)
        centres = ops.cast(self.centres, embeddings.dtype)
        cosine = ops.matmul(directions(embeddings), ops.transpose(directions(centres)))
        sine = ops.sqrt(ops.maximum(1.0 - ops.square(cosine), 1e-12))  # sqrt has no gradient at 0
        turned = cosine * math.cos(self.margin) - sine * math.sin(self.margin)
        within = cosine > math.cos(math.pi - self.margin)
        turned = ops.where(within, turned, cosine - self.margin * math.sin(self.margin))
        own, known = of_class(labels, self.num_classes)
        logits = self.scale * ops.where(own, turned, cosine)
        losses = ops.logsumexp(logits, axis=1) - ops.sum(ops.where(own, logits, 0.0), axis=1)
        return nan_unless_finite(ops.where(known, losses, math.nan), embeddings)

    def get_config(self) -> dict[str, Any]:
        return {
            "num_classes": self.num_classes,
            "embedding_dim": self.embedding_dim,
            "margin": self.margin,
            "scale": self.scale,
            "name": self.name,
        }
