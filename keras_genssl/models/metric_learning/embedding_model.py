"""Metric learning from labels, with a loss over the whole batch."""

from typing import Any

import keras

from keras_genssl.engine import Kind, Label, replicas
from keras_genssl.models.metric_learning.base import Embedder


@keras.saving.register_keras_serializable(package="keras_genssl")
class EmbeddingModel(Embedder):
    """An encoder trained with a metric-learning loss over all pairs, triplets or proxies of the *global* batch.

    The loss determines the method: with a semi-hard triplet loss it is FaceNet (Schroff et al., 2015), with
    `ArcFaceLoss` it is ArcFace (Deng et al., 2019), and so on. Embeddings and labels are first gathered from all
    replicas, with exact gradients, so negatives may come from any replica, and N replicas compute the same as one
    device.

    Batches hold `image`, uint8 or float in [-1, 1], and `label`, integers `(batch,)`; `data.ClassBalanced` makes
    batches of P classes with K images each.

    Reference:
        - Schroff et al. 2015, [FaceNet](https://arxiv.org/abs/1503.03832)
        - Deng et al. 2019, [ArcFace](https://arxiv.org/abs/1801.07698)

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        loss: A `keras.losses.Loss` of labels `(batch,)` and embeddings `(batch, dim)` that gives `(batch,)`. Or a
            `keras.layers.Layer` with the same arguments and output, whose weights (proxies, class centres) are trained
            with the encoder's. If it has `num_classes`, labels outside [0, num_classes) are refused.
        normalize: Whether embeddings are divided by their L2 norm.
        name: The model's name.

    Raises:
        ValueError: If the encoder is not built, does not give vectors, or gives vectors of another length than the
            loss takes (its `embedding_dim`).
        TypeError: If the loss is neither a Keras loss nor a layer.

    Example:

        encoder = kg.backbones.small_encoder((28, 28, 1))
        model = EmbeddingModel(encoder, kg.losses.TripletSemiHardLoss(margin=0.2))
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(kg.data.load("fashion_mnist", balance=kg.data.ClassBalanced(10, 16)), epochs=5)
        vectors = model.encode(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        loss: keras.losses.Loss | keras.layers.Layer,
        *,
        normalize: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, normalize=normalize, name=name)
        if not isinstance(loss, keras.losses.Loss | keras.layers.Layer):
            raise TypeError(f"`loss` must be a keras.losses.Loss or a keras.layers.Layer. Received: loss={loss!r}")
        dim = getattr(loss, "embedding_dim", encoder.output_shape[1])
        if dim != encoder.output_shape[1]:
            raise ValueError(
                f"`loss` must take what `encoder` gives, embeddings of length {encoder.output_shape[1]}. "
                f"Received: {type(loss).__name__} with embedding_dim={dim}"
            )
        if isinstance(loss, keras.layers.Layer) and not loss.built:
            loss(keras.Input((), dtype="int32"), keras.Input(encoder.output_shape[1:]))
        self.embedding_loss = loss

    def inputs(self) -> dict[str, Kind]:
        """An image and its class, which is below the loss's `num_classes` if it has one."""
        return {"image": self.image, "label": Label(getattr(self.embedding_loss, "num_classes", None))}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images, and their labels if there are any."""
        return batch["image"], batch.get("label")

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The loss over the global batch, for each example of this replica, `(batch,)`."""
        loss = self.embedding_loss
        function = loss.call if isinstance(loss, keras.losses.Loss) else loss
        return replicas.on_global_batch(function, y, y_pred)
