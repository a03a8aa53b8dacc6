"""Metric learning from prepared triplets."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Kind
from keras_genssl.losses.arguments import check_not_negative
from keras_genssl.models.metric_learning.base import Embedder, distances, squared_distances, together


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletEmbeddingModel(Embedder):
    """FaceNet's triplet loss on triplets that come with the data: `max(0, |a - p|^2 - |a - n|^2 + margin)`.

    Schroff et al., 2015, Eq. 3; the paper sums over triplets, this class averages. The three images of all triplets go
    through the encoder in one pass, so batch normalisation sees them together. To choose triplets within each batch
    instead, use `EmbeddingModel` with a triplet loss.

    Batches hold `anchor`, `positive` (of the anchor's class) and `negative` (of another), uint8 or float in [-1, 1].
    `data.triplets` draws such triplets from labels, `analysis.mine_triplets` finds the hard ones.

    Reference:
        - Schroff et al. 2015, [FaceNet](https://arxiv.org/abs/1503.03832)

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        margin: At least 0 and finite; FaceNet uses 0.2.
        squared: Whether distances are squared, as in FaceNet.
        normalize: Whether embeddings are divided by their L2 norm, as in FaceNet.
        name: The model's name.

    Raises:
        ValueError: If the encoder is not built or does not give vectors, or the margin is negative or not finite.

    Example:

        model = TripletEmbeddingModel(encoder)
        model.compile("adam")
        triplets = kg.data.triplets(labels, num=10_000, seed=0)
        model.fit(kg.data.load("fashion_mnist", batch_size=64, groups=triplets), epochs=5)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        margin: float = 0.2,
        squared: bool = True,
        normalize: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, normalize=normalize, name=name)
        check_not_negative(margin=margin)
        self.margin = float(margin)
        self.squared = squared

    def inputs(self) -> dict[str, Kind]:
        """Three images."""
        return dict.fromkeys(("anchor", "positive", "negative"), self.image)

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """All anchors, then all positives, then all negatives."""
        return together(batch, *self.inputs()), None

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The hinge loss of each triplet, `(batch,)`."""
        anchors, positives, negatives = ops.split(y_pred, 3, axis=0)
        distance = squared_distances if self.squared else distances
        return ops.relu(distance(anchors, positives) - distance(anchors, negatives) + self.margin)
