"""Siamese networks: metric learning from pairs."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Kind, Label
from keras_genssl.models.metric_learning.base import Embedder, distances, together


@keras.saving.register_keras_serializable(package="keras_genssl")
class PairEmbeddingModel(Embedder):
    """A siamese network: one encoder for both images of a pair, and a loss on their distance.

    Hadsell, Chopra and LeCun, 2006. Both images of all pairs go through the encoder in one pass, so batch normalisation
    sees them together.

    Batches hold `first` and `second`, uint8 or float in [-1, 1], and `label` `(batch,)`: 1 if the two are of
    *different* classes, 0 if they are of the same class, as in the lectures and the paper. `data.pairs` draws such
    pairs from labels. The loss must use the same convention: `losses.ContrastiveLoss(similar_label=0)`. Its default is
    the opposite convention, that of TensorFlow Addons.

    Reference:
        - Hadsell et al. 2006, [Dimensionality Reduction by Learning an Invariant
          Mapping](https://doi.org/10.1109/CVPR.2006.100)

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        loss: A `keras.losses.Loss` of labels `(batch,)` and Euclidean distances `(batch,)` that gives `(batch,)`.
        normalize: Whether embeddings are divided by their L2 norm; distances then lie in [0, 2].
        name: The model's name.

    Raises:
        ValueError: If the encoder is not built or does not give vectors, or the `similar_label` of the loss is not 0.
        TypeError: If the loss is not a Keras loss.

    Example:

        model = PairEmbeddingModel(encoder, kg.losses.ContrastiveLoss(margin=1.0, similar_label=0))
        model.compile("adam")
        pairs = kg.data.pairs(labels, num=10_000, seed=0)
        model.fit(kg.data.load("fashion_mnist", batch_size=64, groups=pairs), epochs=5)
    """

    def __init__(
        self, encoder: keras.Model, loss: keras.losses.Loss, *, normalize: bool = True, name: str | None = None
    ) -> None:
        super().__init__(encoder, normalize=normalize, name=name)
        if not isinstance(loss, keras.losses.Loss):
            raise TypeError(f"`loss` must be a keras.losses.Loss. Received: loss={loss!r}")
        if getattr(loss, "similar_label", 0) != 0:
            raise ValueError(
                "`loss` must read label 1 as different: ContrastiveLoss(similar_label=0). "
                f"Received: a loss with similar_label={loss.similar_label}"
            )
        self.pair_loss = loss

    def inputs(self) -> dict[str, Kind]:
        """Two images, and whether they are different."""
        return {"first": self.image, "second": self.image, "label": Label(2)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """All first images, then all second ones; and the labels."""
        return together(batch, "first", "second"), batch["label"]

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The loss of each pair, computed from its distance, `(batch,)`."""
        return self.pair_loss.call(ops.cast(y, y_pred.dtype), _distances(y_pred))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare labels with distances."""
        return super().compute_metrics(x, y, _distances(y_pred), sample_weight)


def _distances(embeddings: Any) -> Any:
    """Distances of pairs, `(batch,)`, from all first images' embeddings, then all second ones', `(2 * batch, dim)`."""
    return distances(*ops.split(embeddings, 2, axis=0))
