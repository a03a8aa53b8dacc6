"""Losses that compare embeddings with a weight vector for each class: softmax, ArcFace, proxy anchor."""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.tensors import check_last
from keras_genssl.losses.arguments import check_count, check_not_negative, check_positive
from keras_genssl.losses.contrastive.embeddings import directions
from keras_genssl.losses.metric_learning.base import as_float, as_labels, check_shapes, nan_unless_finite, of_class


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


_NEVER = -1e30  # the exponent of excluded examples; -inf would have no gradient


@keras.saving.register_keras_serializable(package="keras_genssl")
class ProxyAnchorLoss(keras.layers.Layer):
    """The proxy-anchor loss: a learnt proxy per class is pulled to its class and pushed from the others.

    Kim et al., 2020, Proxy Anchor Loss for Deep Metric Learning, Eq. 4, with s the cosine similarity. The loss is the
    mean, over proxies p with examples in the batch, of ``log(1 + sum_x exp(-alpha (s(x, p) - margin)))`` with x the
    examples of p's class, plus the mean, over all proxies, of ``log(1 + sum_x exp(alpha (s(x, p) + margin)))`` with x
    the examples of other classes. The loss is a layer, because it owns weights; train them with the encoder's. (The
    paper gives proxies 100 times the encoder's learning rate.) A batch of one class, or a label that occurs once, is
    not a special case.

    Reference:
        - Kim et al. 2020, [Proxy Anchor Loss](https://arxiv.org/abs/2003.13911)

    Args:
        num_classes: number of classes, at least 1. A label outside [0, num_classes) is refused; in a graph the loss
            is NaN.
        embedding_dim: length of an embedding, at least 1.
        margin: the paper's delta, at least 0.
        alpha: sharpness of the exponentials, positive.
        name: the layer's name.

    Call: ``(labels, embeddings)``, int ``(batch,)`` and float ``(batch, embedding_dim)`` of any length; returns
    ``(batch,)``, each the loss of the whole batch, in float32 at least for any Keras dtype policy;
    NaN if an embedding is not finite.

    Raises:
        ValueError: if an argument is outside its range, embeddings have another shape, or labels are not integers
            ``(batch,)`` in [0, num_classes).

    Example:
        >>> loss = ProxyAnchorLoss(num_classes=2, embedding_dim=2, margin=0.0, alpha=1.0)
        >>> _ = loss.proxies.assign([[1.0, 0.0], [0.0, 1.0]])
        >>> round(float(loss(ops.convert_to_tensor([0]), ops.convert_to_tensor([[3.0, 0.0]]))[0]), 4)
        0.6598
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        margin: float = 0.1,
        alpha: float = 32.0,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=keras.backend.result_type(keras.config.floatx(), "float32"), autocast=False)
        check_count(num_classes=num_classes, embedding_dim=embedding_dim)
        check_positive(alpha=alpha)
        check_not_negative(margin=margin)
        self.num_classes = int(num_classes)
        self.embedding_dim = int(embedding_dim)
        self.margin = float(margin)
        self.alpha = float(alpha)
        self.proxies = self.add_weight((self.num_classes, self.embedding_dim), "he_normal", name="proxies")
        self.built = True

    def call(self, labels: Any, embeddings: Any) -> Any:
        """Loss of the batch, for each example, ``(batch,)``."""
        labels, embeddings = as_labels(labels, "labels"), as_float(embeddings)
        check_shapes(labels, embeddings)
        check_last("embeddings", embeddings, self.embedding_dim)
        proxies = ops.cast(self.proxies, embeddings.dtype)
        similarities = ops.matmul(directions(embeddings), ops.transpose(directions(proxies)))
        own, known = of_class(labels, self.num_classes)
        pull = ops.logsumexp(ops.where(own, -self.alpha * (similarities - self.margin), _NEVER), axis=0)
        push = ops.logsumexp(ops.where(own, _NEVER, self.alpha * (similarities + self.margin)), axis=0)
        present = ops.maximum(ops.sum(ops.cast(ops.any(own, axis=0), embeddings.dtype)), 1.0)
        loss = ops.sum(ops.softplus(pull)) / present + ops.mean(ops.softplus(push))  # log(1 + exp(.))
        loss = ops.where(ops.all(known), loss, math.nan)
        return nan_unless_finite(ops.broadcast_to(loss, ops.shape(labels)), embeddings)

    def get_config(self) -> dict[str, Any]:
        return {
            "num_classes": self.num_classes,
            "embedding_dim": self.embedding_dim,
            "margin": self.margin,
            "alpha": self.alpha,
            "name": self.name,
        }
